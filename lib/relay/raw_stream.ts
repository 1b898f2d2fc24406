import { SHUT_WR, shutdown } from "../linux/socket.ts";
import type { Endpoint, Owner } from "./endpoint.ts";
import { type Flow, SINK_FAILED, SOURCE_CLOSED, SOURCE_FAILED, TIRED } from "./flow.ts";

/** What a stream needs of the loop that runs it. */
export interface StreamHost {
  /** Runs `owner` again in the next turn: it stopped only to let others work. */
  again(owner: Owner): void;
}

/** One direction: where it stands. */
interface Way {
  readonly flow: Flow;
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** The sink takes no more: what still comes is dropped, so that the source's end is seen. */
  deaf: boolean;
  /** Everything that the source had is delivered, and the sink knows that this is the end. */
  closed: boolean;
}

/**
 * Two connected sockets as one stream of bytes without meaning: hijacked connections and raw listeners. A half-close passes
 * each way by itself (`printf x | docker run -i … cat` must end), a full close takes the other side along.
 */
export class RawStream implements Owner {
  readonly #host: StreamHost;
  readonly #up: Way;
  readonly #down: Way;
  readonly #onEnd: (failure?: string) => void;
  queued = false;
  #ended = false;

  /**
   * `up` and `down` may hold bytes that came with the switch. `onEnd` is called once, and then releases both endpoints; `failure` is what happened
   * when somebody left before the other had ended.
   */
  constructor(
    host: StreamHost,
    client: Endpoint,
    upstream: Endpoint,
    up: Flow,
    down: Flow,
    onEnd: (failure?: string) => void,
  ) {
    this.#host = host;
    this.#up = { flow: up, from: client, to: upstream, deaf: false, closed: false };
    this.#down = { flow: down, from: upstream, to: client, deaf: false, closed: false };
    this.#onEnd = onEnd;
    up.begin(Infinity);
    down.begin(Infinity);
    for (const endpoint of [client, upstream]) {
      endpoint.owner = this;
      endpoint.expectPieces();
    }
  }

  run(): void {
    if (this.#ended) return;
    this.#advance(this.#up);
    this.#advance(this.#down);
    const { closed: allSent, from: client } = this.#up;
    const { closed: allAnswered, from: upstream } = this.#down;
    if ((allSent && allAnswered) || (allAnswered && upstream.gone)) this.#end();
    else if (allSent && client.gone) this.#end("the client left before the engine had ended");
  }

  close(): void {
    this.#end("Postern closed the connection");
  }

  #end(failure?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd(failure);
  }

  #advance(way: Way): void {
    while (!way.closed) {
      switch (way.flow.pump(way.from, way.deaf ? undefined : way.to)) {
        case SOURCE_CLOSED:
        case SOURCE_FAILED:
          way.closed = true;
          shutdown(way.to.fd, SHUT_WR);
          return;
        case SINK_FAILED:
          way.deaf = true;
          way.flow.abandon();
          break;
        case TIRED:
          this.#host.again(this);
          return;
        default:
          return;
      }
    }
  }
}
