import { ChunkedScanner } from "../http/chunked.ts";
import { HeadError } from "../http/fields.ts";
import { CHUNKED, type RequestHead } from "../http/request_head.ts";
import {
  bodyOf,
  parseResponseHead,
  type ResponseHead,
  UNTIL_CLOSE,
} from "../http/response_head.ts";
import { Memory } from "../linux/memory.ts";
import { SHUT_WR, shutdown } from "../linux/socket.ts";
import { againstLimits, Allowance, type Excess, type Timed } from "./allowance.ts";
import { decisionOf } from "../policy/constraints/decision.ts";
import type { Finding } from "../policy/constraints/types.ts";
import { isLoopback, parseAddress } from "../policy/address.ts";
import { changeable, describeDenial } from "../policy/decide.ts";
import { foreignPage } from "../policy/page.ts";
import type { Decision } from "../policy/types.ts";
import type { Deadline } from "./deadlines.ts";
import { dial, NOT_WATCHED } from "./dial.ts";
import { BLOCKED, type Endpoint, FAILED } from "./endpoint.ts";
import { type Exchange, newExchange } from "./exchange.ts";
import { Hearing, LOST, PAUSED } from "./hearing.ts";
import { ENDED, Flow, SINK_FAILED, SOURCE_CLOSED, SOURCE_FAILED, TIRED, WAITING } from "./flow.ts";
import type { Admitted, Gatekeeper } from "./gatekeeper.ts";
import { Inbox } from "./inbox.ts";
import type { Judged } from "./judge.ts";
import type { Loop } from "./loop.ts";
import type { Connection, Place } from "./place.ts";
import { RawStream } from "./raw_stream.ts";
import { describeRequest, lasts, Recorder, UNRECORDED } from "./recorder.ts";
import { revocation } from "./revocation.ts";
import { errorReply, type ReplyOptions } from "./reply.ts";
import { type Passed, rewritten, withLine } from "./rewrite.ts";

const MAX_HEAD = 64 * 1024;
/** A refused body up to this long is read and dropped, so that the connection stays usable. */
const MAX_DRAINED = 1024 * 1024;
/** How long a client that has just connected may take to begin its first request when no other will be taken, in milliseconds. */
const FIRST_REQUEST_MS = 1000;
const GO_ON = new Memory(new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n"));
/** Steps before other connections get their turn: about eight requests that are denied. */
const STEPS = 16;
/** Bytes of heads and bodies that are judged before other connections get their turn. */
const HEADS = 16 * 1024;

const CLIENT_LEFT = "the client left before the answer's end";
const CUT_SHORT = "it ended the connection in the middle of its answer";

type Phase =
  | "idle"
  | "hearing"
  | "dialling"
  | "relaying"
  | "draining"
  | "lingering"
  | "streaming"
  | "closed";

/** Where the request ends in the inbox, and what of its body is still to come. */
interface Cut {
  readonly end: number;
  readonly left: number;
  readonly scanner: ChunkedScanner | undefined;
}

/** One client connection: every request on it is judged, and at most one connection to the engine exists for it at a time. */
export class HttpConnection implements Connection, Timed {
  readonly #loop: Loop;
  readonly #gatekeeper: Gatekeeper;
  readonly #place: Place;
  readonly #client: Endpoint;
  #admitted: Admitted;
  #recorder: Recorder;
  /** Bytes of the client that are not judged yet: part of a head, or what follows the current request. */
  readonly #requests = new Inbox();
  /** Bytes of the engine that are not passed on yet: part of a head. */
  readonly #answers = new Inbox();
  queued = false;
  readonly #up = new Flow();
  readonly #down = new Flow();
  #upstream: Endpoint | undefined;
  #phase: Phase = "idle";
  #exchange: Exchange | undefined;
  #stream: RawStream | undefined;
  /** A request that is looked into before it becomes an exchange. */
  #hearing: Hearing | undefined;
  /** Where the policy has limits. */
  #allowance: Allowance | undefined;
  #deadline: Deadline | undefined;
  /** Part of a head has come, and the rest is due. */
  #headDeadline: Deadline | undefined;
  #endAnnounced = false;
  /** It has had a request. */
  #used = false;
  #retiring = false;
  /** A browser on this machine could be its client, who shows no certificate. */
  readonly #wary: boolean;
  /** Bytes of heads and bodies in this turn. */
  #judged = 0;

  constructor(
    loop: Loop,
    gatekeeper: Gatekeeper,
    place: Place,
    client: Endpoint,
    admitted: Admitted,
  ) {
    this.#loop = loop;
    this.#gatekeeper = gatekeeper;
    this.#place = place;
    this.#client = client;
    this.#admitted = admitted;
    this.#recorder = new Recorder(gatekeeper, this.#admitted, place.listener);
    const { address, certificate } = admitted.peer;
    const from = address === undefined ? undefined : parseAddress(address);
    this.#wary = from !== undefined && certificate === undefined && isLoopback(from);
    client.owner = this;
  }

  start(): void {
    const { quota } = this.#admitted;
    if (quota !== undefined) this.#allowed().connect(quota);
    this.run();
  }

  run(): void {
    this.#judged = 0;
    for (let step = 0; step < STEPS && this.#judged < HEADS; step++) if (!this.#advance()) return;
    this.#loop.again(this);
  }

  /** A deadline has passed: the engine's backlog may have room again, or the client has had its time. */
  expire(): void {
    switch (this.#phase) {
      case "lingering":
        this.#close();
        return;
      case "idle":
        this.#refuse(new HeadError("a request head that took too long to come", 408));
        break;
      case "hearing":
        this.#refuse(
          this.#hearing!.whole
            ? new HeadError("the engine took too long to say what the request names", 504)
            : new HeadError("a body that took too long to come", 408),
        );
        break;
      case "draining":
        this.#startLingering();
        break;
      case "dialling":
        this.#dial();
        break;
      default:
        return;
    }
    this.#loop.again(this);
  }

  /** A request that is not relayed yet is judged anew; one that is may have to end. */
  reconsider(revoke: boolean): boolean {
    if (this.#phase === "hearing") {
      // Its bytes are all still there.
      this.#endHearing();
      this.#allowance?.end();
      this.#phase = "idle";
      this.#loop.again(this);
    }
    const exchange = this.#exchange;
    if (!revoke || exchange === undefined) return false;
    const { fd } = this.#client;
    const now = this.#gatekeeper.current(this.#admitted, fd, this.#place.listener);
    const reason = revocation(now.assignment, exchange);
    if (reason === undefined) return false;
    this.#breakOff(exchange, reason);
    return true;
  }

  retire(): void {
    this.#retiring = true;
    if (this.#phase !== "idle") return;
    if (!this.#used) {
      this.#loop.after(FIRST_REQUEST_MS).add({
        expire: () => {
          if (this.#phase === "idle" && this.#requests.length === 0) this.#close();
        },
        close: () => this.#close(),
      });
    }
    this.#loop.again(this);
  }

  idled(): void {
    if (this.#phase === "idle") this.#close();
  }

  timedOut(reason: string): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    if (exchange.answered) this.#breakOff(exchange, reason);
    else {
      this.#upstreamFailed(504, reason);
      this.#loop.again(this);
    }
  }

  get moved(): number {
    return this.#up.taken + this.#down.taken;
  }

  #breakOff(exchange: Exchange, reason: string): void {
    this.#endExchange(exchange, reason);
    this.#close();
  }

  /** Ends the connection from outside, as when the gate stops. */
  close(): void {
    this.#close("Postern closed the connection");
  }

  /** One step; true when another may follow at once. */
  #advance(): boolean {
    try {
      switch (this.#phase) {
        case "idle":
          return this.#readRequest();
        case "hearing":
          return this.#hear();
        case "dialling":
          return this.#client.gone ? this.#close(CLIENT_LEFT) : false;
        case "relaying":
          return this.#relay();
        case "draining":
          return this.#drain();
        case "lingering":
          return this.#linger();
        default:
          return false;
      }
    } catch (error) {
      if (!(error instanceof HeadError)) throw error;
      this.#refuse(error);
      return true;
    }
  }

  // ---- the request

  #readRequest(): boolean {
    if (this.#upstream?.finished === true) this.#dropUpstream();
    switch (this.#down.pump(this.#client, this.#client)) {
      case WAITING:
        return false;
      case SINK_FAILED:
        return this.#close();
    }
    const inbox = this.#requests;
    let end = inbox.findHead();
    while (end < 0) {
      if (inbox.length >= MAX_HEAD) throw tooLarge();
      const n = inbox.fill(this.#client);
      if (n === BLOCKED) {
        inbox.keep();
        if (inbox.length > 0) this.#headDeadline ??= this.#loop.heads.add(this);
        const over = this.#retiring && this.#used && inbox.length === 0;
        return over ? this.#close() : false;
      }
      if (n === FAILED || n === 0) return this.#close();
      end = inbox.findHead();
      if (end < 0) this.#client.expectPieces();
    }
    this.#headDeadline?.cancel();
    this.#headDeadline = undefined;
    this.#used = true;
    if (end - inbox.start > MAX_HEAD) throw tooLarge();
    this.#judged += end - inbox.start;
    this.#renew();
    const judged = this.#admitted.judge.judge(inbox.bytes, inbox.start, end);
    const { status, conditions } = judged.judgement;
    const { quota } = this.#admitted;
    const page = this.#wary ? judged.page ??= foreignPage(inbox.bytes, inbox.start, end) ?? "" : "";
    const excess = page !== "" || quota === undefined
      ? undefined
      : this.#allowed().ask(quota, judged, Date.now());
    if (page !== "") this.#denyPage(judged, page);
    else if (excess !== undefined) this.#denyExcess(judged, excess);
    else if (status !== 0) this.#deny(judged);
    else if (conditions === undefined) this.#begin(judged);
    else return this.#beginHearing(new Hearing(judged, conditions, this.#admitted.peer.uid));
    inbox.keep();
    return true;
  }

  /** The rules may have changed since the last request. */
  #renew(): void {
    const admitted = this.#gatekeeper.current(
      this.#admitted,
      this.#client.fd,
      this.#place.listener,
    );
    if (admitted === this.#admitted) return;
    this.#admitted = admitted;
    this.#recorder = new Recorder(this.#gatekeeper, admitted, this.#place.listener);
  }

  #allowed(): Allowance {
    return this.#allowance ??= new Allowance(this.#loop, this);
  }

  #denyExcess(judged: Judged, excess: Excess): void {
    const { status, limit, retryAfter } = excess;
    const { policy } = this.#admitted.assignment;
    const decision: Decision = {
      allow: false,
      policy: policy.name,
      ...againstLimits(policy, excess),
      hint: `a larger ${limit} under limits in ${changeable(policy)} would permit it`,
    };
    this.#deny({ ...judged, judgement: { ...judged.judgement, status, decision } }, retryAfter);
  }

  #denyPage(judged: Judged, reason: string): void {
    const { name } = this.#admitted.assignment.policy;
    const decision: Decision = {
      allow: false,
      policy: name,
      rule: "foreign page",
      reason: `a page in a browser on this machine seems to ask: ${reason}`,
      hint: "a program that asks at tcp://127.0.0.1, without Origin, or at a socket is let through",
    };
    this.#deny({ ...judged, judgement: { ...judged.judgement, status: 403, decision } });
  }

  #denyUnrecorded(judged: Judged): void {
    const { name } = this.#admitted.assignment.policy;
    const decision: Decision = { allow: false, policy: name, ...UNRECORDED };
    this.#deny({ ...judged, judgement: { ...judged.judgement, status: 503, decision } }, 1);
  }

  /** Between requests. */
  #idle(): true {
    this.#phase = "idle";
    const { quota } = this.#admitted;
    if (quota !== undefined) this.#allowed().idle(quota);
    return true;
  }

  // ---- what is looked into

  #beginHearing(hearing: Hearing): boolean {
    this.#hearing = hearing;
    this.#phase = "hearing";
    this.#up.taken = 0;
    this.#down.taken = 0;
    // The client would wait with its body for an engine that waits for us. One of HTTP/1.0 would take this for its answer
    // (RFC 9110 §10.1.1).
    const { expectContinue, minor } = hearing.judged.head;
    if (expectContinue && minor === 1) {
      this.#down.offer(GO_ON, 0, GO_ON.bytes.length, this.#client);
    }
    return this.#hear();
  }

  /** Holds the request until it is whole and looked into. */
  #hear(): boolean {
    const hearing = this.#hearing!;
    const inbox = this.#requests;
    const { upstream } = this.#place;
    // Behind earlier answers that the client is slow to read, what tells it to go on waits, too.
    if (this.#down.pump(this.#client, this.#client) === SINK_FAILED) return this.#close();
    const found = hearing.step(inbox, this.#client, this.#loop, upstream, () => {
      this.#loop.again(this);
    });
    if (typeof found !== "number") {
      this.#endHearing();
      this.#judged += hearing.length;
      this.#conclude(hearing.judged, found);
      inbox.keep();
      return true;
    }
    inbox.keep();
    if (found === LOST || this.#client.gone) return this.#unheard(hearing.judged);
    if (!hearing.timed) this.#deadline = this.#loop.bodies.add(this);
    hearing.timed = true;
    if (found === PAUSED) this.#loop.again(this);
    return false;
  }

  /** The client has left before its request was decided on: nothing of it was relayed. */
  #unheard({ head, judgement }: Judged): false {
    this.#recorder.decision(this.#gatekeeper.idOf(this.#gatekeeper.nextNumber()), {
      decision: "deny",
      reason: "the client left before its request was whole and looked into",
      rule: "incomplete request",
      request: describeRequest(head.method, judgement),
    });
    return this.#close();
  }

  /** The time that runs for it ends, too. */
  #endHearing(): void {
    this.#deadline?.cancel();
    this.#hearing?.close();
    this.#hearing = undefined;
  }

  /** Lets go on what was looked into, or denies it. */
  #conclude(judged: Judged, finding: Finding): void {
    const { judgement } = judged;
    if (finding.ok) return this.#begin(judged, finding);
    const { policy } = this.#admitted.assignment;
    const { operation, constraints } = judgement.conditions!;
    const decision = decisionOf(policy, operation, constraints, finding);
    const status = policy.mode === "warn" ? 0 : finding.status;
    // Nothing of what is known of the head holds for it: with another body it was allowed.
    const denied: Judged = { head: judged.head, judgement: { ...judgement, status, decision } };
    if (status === 0) this.#begin(denied);
    else this.#deny(denied);
  }

  /** Sends an allowed request on its way. */
  #begin(judged: Judged, passed?: Passed): void {
    // What is refused for the chunks that are here is not recorded as allowed before.
    const cut = this.#cut(judged.head);
    const number = this.#gatekeeper.nextNumber();
    if (!this.#recorder.allowed(number, judged, passed?.added)) return this.#denyUnrecorded(judged);
    const { memory, start } = this.#requests;
    const { end } = cut;
    this.#take(cut);
    const exchange = newExchange(number, judged, this.#loop.now);
    this.#exchange = exchange;
    this.#up.taken = 0;
    this.#down.taken = 0;
    const { quota } = this.#admitted;
    this.#up.most = (quota?.limits.body ?? Infinity) + judged.head.length;
    if (quota !== undefined) this.#allowed().begin(quota, exchange);
    const other = passed === undefined && judged.head.upgrade === undefined
      ? undefined
      : rewritten(judged, passed, memory.bytes, start, end);
    const { seal } = this.#place.upstream;
    if (seal !== undefined) {
      this.#up.most += seal.length;
      const sealed = other === undefined
        ? withLine(memory.bytes, start, end, seal)
        : withLine(other, 0, other.length, seal);
      this.#send(exchange, new Memory(sealed), 0, sealed.length);
    } else if (other === undefined) this.#send(exchange, memory, start, end);
    else this.#send(exchange, new Memory(other), 0, other.length);
  }

  /** Hands the first bytes of a request to the engine, or keeps them until its backlog has room. */
  #send(exchange: Exchange, memory: Memory, start: number, end: number): void {
    const kept = this.#upstream;
    // A body has a connection of its own. On a kept one nothing may have come since the last response: neither an end, nor
    // bytes that would be taken for this request's answer.
    if (kept !== undefined && (exchange.head.body !== 0 || !kept.isQuiet())) this.#dropUpstream();
    if (this.#upstream !== undefined) {
      this.#phase = "relaying";
      exchange.reused = true;
      if (this.#up.offer(memory, start, end, this.#upstream) !== SINK_FAILED) return;
      // The engine closed it just now and took not one byte: a new connection is as good.
      exchange.reused = false;
      this.#dropUpstream();
    }
    const upstream = this.#dial();
    if (upstream !== undefined) {
      if (this.#up.offer(memory, start, end, upstream) === SINK_FAILED) stopSending(exchange);
    } else if (this.#phase === "dialling") this.#up.postpone(memory, start, end);
  }

  /** Finds the end of the request in the inbox, as far as it has come. Throws a HeadError for broken chunks. */
  #cut(head: RequestHead): Cut {
    const inbox = this.#requests;
    const bodyStart = inbox.start + head.length;
    if (head.body === CHUNKED) {
      const scanner = new ChunkedScanner();
      const end = scanner.feed(inbox.bytes, bodyStart, inbox.end);
      return { end, left: Infinity, scanner };
    }
    const end = Math.min(inbox.end, bodyStart + head.body);
    return { end, left: head.body - (end - bodyStart), scanner: undefined };
  }

  /** Takes the request out of the inbox, and starts the up flow on the rest of its body. */
  #take({ end, left, scanner }: Cut): void {
    this.#up.begin(left, scanner);
    if (!this.#up.complete) this.#client.expectPieces();
    this.#requests.take(end);
  }

  /** Connects to the engine; undefined when it has to be tried again later, or the exchange is over. */
  #dial(): Endpoint | undefined {
    const exchange = this.#exchange!;
    const { path, address } = this.#place.upstream;
    const result = dial(path, address);
    if ("fd" in result) {
      this.#upstream = this.#loop.attach(result.fd);
      if (this.#upstream === undefined) {
        return this.#upstreamFailed(NOT_WATCHED.status, NOT_WATCHED.failure);
      }
      this.#upstream.owner = this;
      this.#phase = "relaying";
      return this.#upstream;
    }
    if ("failure" in result) return this.#upstreamFailed(result.status, result.failure);
    if (this.#loop.now - exchange.startedAt > this.#loop.times.dial) {
      const reason = `connect ${path}: its backlog stayed full; does the engine hang?`;
      return this.#upstreamFailed(504, reason);
    }
    this.#phase = "dialling";
    this.#deadline = this.#loop.retries.add(this);
    return undefined;
  }

  // ---- the exchange

  #relay(): boolean {
    const exchange = this.#exchange!;
    if (!exchange.requestDone && !this.#sendRequest(exchange)) return true;
    if (!exchange.answered && !this.#readResponse(exchange)) return this.#phase !== "relaying";
    if (!exchange.responseDone && !this.#sendResponse(exchange)) return this.#phase !== "relaying";
    return this.#finish(exchange);
  }

  /** Moves the request's body; false when the connection had to leave the exchange. */
  #sendRequest(exchange: Exchange): boolean {
    while (true) {
      const sink = exchange.requestRefused ? undefined : this.#upstream;
      switch (this.#up.pump(this.#client, sink)) {
        case ENDED:
          exchange.requestDone = true;
          this.#takeSurplus();
          return true;
        case SINK_FAILED:
          stopSending(exchange);
          this.#up.abandon();
          break;
        case SOURCE_CLOSED:
        case SOURCE_FAILED:
          this.#close("the client left before its request was whole");
          return false;
        case TIRED:
          this.#loop.again(this);
          return true;
        default:
          return true;
      }
    }
  }

  /**
   * Nobody is left to answer: the client has closed both ways, and of its request there is nothing that the engine would take
   * now. The engine must see that, since it ends what only this client wanted.
   */
  #isAbandoned(exchange: Exchange): boolean {
    return this.#client.gone && (exchange.requestDone || this.#upstream?.full === true);
  }

  /** Reads the response's head and passes it on; true when the final one is through. */
  #readResponse(exchange: Exchange): boolean {
    const inbox = this.#answers;
    while (true) {
      const end = inbox.findHead();
      if (end >= 0) {
        const head = this.#parseResponse(end);
        if (head === undefined) return false;
        if (head.status >= 200 || head.status === 101) return this.#beginResponse(exchange, head);
        exchange.status = head.status;
        exchange.interim += end - inbox.start;
        if (exchange.interim > MAX_HEAD) {
          this.#upstreamFailed(502, `it sent interim responses over ${MAX_HEAD} bytes`);
          return false;
        }
        this.#down.offer(inbox.memory, inbox.start, end, this.#client);
        inbox.take(end);
        continue;
      }
      if (inbox.length >= MAX_HEAD) {
        this.#upstreamFailed(502, `it sent a response head over ${MAX_HEAD} bytes`);
        return false;
      }
      const n = inbox.fill(this.#upstream!);
      if (n === BLOCKED) {
        inbox.keep();
        return this.#isAbandoned(exchange) ? this.#close(CLIENT_LEFT) : false;
      }
      if (n === 0 || n === FAILED) {
        this.#unanswered(exchange);
        return false;
      }
    }
  }

  #parseResponse(end: number): ResponseHead | undefined {
    try {
      return parseResponseHead(this.#answers.bytes, this.#answers.start, end);
    } catch (error) {
      if (!(error instanceof HeadError)) throw error;
      this.#upstreamFailed(502, `it sent ${error.message}`);
      return undefined;
    }
  }

  #beginResponse(exchange: Exchange, head: ResponseHead): boolean {
    const hijacks = exchange.judgement.operation?.hijack === true;
    if (
      hijacks && (head.rawStream || (head.status === 101 && exchange.head.upgrade !== undefined))
    ) {
      return this.#hijack(exchange, head);
    }
    if (head.status === 101) {
      this.#upstreamFailed(502, "it switched protocols without being asked");
      return false;
    }
    const body = bodyOf(head, exchange.head.method);
    const taken = this.#announceAnswer(head, body);
    if (taken === undefined) return false;
    const { memory, start, end } = this.#answers;
    exchange.answered = true;
    exchange.status = head.status;
    exchange.untilClose = body === UNTIL_CLOSE;
    const ends = !head.keepAlive || exchange.untilClose;
    // Bytes behind the response answer no request: they are dropped with the connection they came on.
    if (ends || taken < end) exchange.upstreamKeeps = false;
    if (ends) exchange.clientKeeps = false;
    const passed = this.#down.offer(memory, start, taken, this.#client) !== SINK_FAILED;
    this.#answers.clear();
    return passed || this.#close(CLIENT_LEFT);
  }

  /** Starts the down flow on the answer's body; where what has come of it is cut, or undefined when its framing is broken. */
  #announceAnswer(head: ResponseHead, body: number): number | undefined {
    const { bytes, end } = this.#answers;
    if (body === CHUNKED) {
      const scanner = new ChunkedScanner();
      try {
        const taken = scanner.feed(bytes, head.end, end);
        this.#down.begin(Infinity, scanner);
        return taken;
      } catch (error) {
        if (!(error instanceof HeadError)) throw error;
        this.#upstreamFailed(502, `it sent ${error.message}`);
        return undefined;
      }
    }
    if (body === UNTIL_CLOSE) {
      this.#down.begin(Infinity);
      return end;
    }
    const taken = Math.min(end, head.end + body);
    this.#down.begin(body - (taken - head.end));
    return taken;
  }

  /** Moves the response's body; true when it is delivered whole. */
  #sendResponse(exchange: Exchange): boolean {
    let outcome: number;
    try {
      outcome = this.#down.pump(this.#upstream!, this.#client);
    } catch (error) {
      if (!(error instanceof HeadError)) throw error;
      return this.#cutShort(exchange, `it sent ${error.message}`);
    }
    switch (outcome) {
      case ENDED:
        exchange.responseDone = true;
        if (this.#down.surplus !== undefined) exchange.upstreamKeeps = false;
        this.#down.surplus = undefined;
        return true;
      case SOURCE_CLOSED:
        if (!exchange.untilClose) return this.#cutShort(exchange, CUT_SHORT);
        exchange.responseDone = true;
        return true;
      case TIRED:
        this.#loop.again(this);
        return false;
      case WAITING:
        return this.#isAbandoned(exchange) ? this.#close(CLIENT_LEFT) : false;
      case SOURCE_FAILED:
        return this.#cutShort(exchange, CUT_SHORT);
      default:
        return this.#close(CLIENT_LEFT);
    }
  }

  /** The engine failed in the middle of its answer: the client gets what has come of it, and then the end. */
  #cutShort(exchange: Exchange, reason: string): false {
    this.#endExchange(exchange, reason);
    this.#dropUpstream();
    this.#startLingering();
    return false;
  }

  /** The response is through: on to the next request, if the framing and both sides allow one. */
  #finish(exchange: Exchange): boolean {
    // An early answer: the rest of the request still has to be taken before the next one can be found.
    if (!exchange.requestDone && exchange.clientKeeps) {
      return this.#isAbandoned(exchange) ? this.#close(CLIENT_LEFT) : false;
    }
    this.#endExchange(exchange);
    if (!exchange.upstreamKeeps) this.#dropUpstream();
    if (!exchange.requestDone) return this.#startLingering();
    if (exchange.clientKeeps) {
      this.#down.begin(0);
      return this.#idle();
    }
    const quiet = this.#requests.length === 0 && (!this.#client.readable || this.#client.finished);
    return quiet ? this.#close() : this.#startLingering();
  }

  #hijack(exchange: Exchange, head: ResponseHead): boolean {
    const upstream = this.#upstream!;
    if (!exchange.requestDone) {
      // The stream begins behind the request: the engine's head waits until that has ended.
      this.#answers.keep();
      return this.#isAbandoned(exchange) ? this.#close(CLIENT_LEFT) : false;
    }
    exchange.answered = true;
    exchange.status = head.status;
    this.#phase = "streaming";
    const host = this.#loop;
    const stream = new RawStream(host, this.#client, upstream, this.#up, this.#down, (failure) => {
      this.#close(failure);
    });
    const { memory, start, end } = this.#answers;
    this.#down.offer(memory, start, end, this.#client);
    this.#answers.clear();
    const early = this.#requests;
    if (early.length > 0) this.#up.offer(early.memory, early.start, early.end, upstream);
    early.clear();
    this.#stream = stream;
    stream.run();
    return false;
  }

  // ---- refusals

  #deny({ head, judgement }: Judged, retryAfter?: number): void {
    this.#allowance?.end();
    const id = this.#gatekeeper.idOf(this.#gatekeeper.nextNumber());
    const { decision, operation, status } = judgement;
    if (decision.allow) throw new TypeError("Cannot deny what is allowed");
    this.#recorder.decision(id, {
      decision: "deny",
      reason: decision.reason,
      rule: decision.rule,
      request: describeRequest(head.method, judgement),
      status,
    });
    const message = describeDenial({
      ...(operation === undefined ? {} : { operation: operation.name }),
      method: head.method,
      path: judgement.path,
      peer: this.#gatekeeper.named(this.#admitted.peer),
      decision,
      id,
    });
    const close = !head.keepAlive || head.expectContinue || head.body > MAX_DRAINED;
    const options = { head: head.method === "HEAD", close, retryAfter };
    if (!this.#reply(status || 403, message, options)) {
      // Nobody hears the answer, nor those to the requests behind this one.
      this.#close();
      return;
    }
    if (close) {
      this.#startLingering();
      return;
    }
    this.#up.taken = 0;
    this.#up.most = Infinity;
    this.#phase = "draining";
    this.#take(this.#cut(head));
    if (!this.#up.complete) this.#deadline = this.#loop.bodies.add(this);
  }

  /** Answers what is not clean HTTP, or breaks its framing later, and ends the connection. */
  #refuse(error: HeadError): void {
    const exchange = this.#exchange;
    if (this.#phase === "draining") {
      this.#startLingering();
      return;
    }
    const late = error.status === 408 || error.status === 504;
    const reason = late ? error.message : `malformed request: ${error.message}`;
    if (exchange?.answered === true) {
      this.#breakOff(exchange, reason);
      return;
    }
    const judged = this.#hearing?.judged;
    this.#endHearing();
    const id = this.#gatekeeper.idOf(exchange?.number ?? this.#gatekeeper.nextNumber());
    if (exchange !== undefined) {
      exchange.status = error.status;
      this.#endExchange(exchange, reason);
    } else {
      this.#recorder.decision(id, {
        decision: "deny",
        reason,
        rule: late ? "time limits" : "strict HTTP",
        request: judged === undefined ? {} : describeRequest(judged.head.method, judged.judgement),
        status: error.status,
      });
      this.#allowance?.end();
    }
    this.#dropUpstream();
    this.#reply(error.status, `postern: ${reason} (request ${id})`, { head: false, close: true });
    this.#startLingering();
  }

  /** The engine ended its connection instead of answering. */
  #unanswered(exchange: Exchange): void {
    const reason = "it closed the connection without an answer; see its log";
    if (!exchange.reused || this.#answers.length > 0 || exchange.status !== 0) {
      this.#upstreamFailed(502, reason);
      return;
    }
    // It had closed a kept connection while the request was on its way. Without a gate the client would see just that, and
    // every HTTP client knows what may be sent again then (RFC 9110 §9.2.2); a 502 it would believe.
    this.#endExchange(exchange, reason);
    this.#dropUpstream();
    this.#startLingering();
  }

  #upstreamFailed(status: number, reason: string): undefined {
    const exchange = this.#exchange!;
    exchange.status = status;
    // The engine's backlog may have been waited for.
    this.#deadline?.cancel();
    this.#endExchange(exchange, reason);
    this.#dropUpstream();
    const { listener, upstream } = this.#place;
    const where = reason.includes(upstream.path) ? "" : ` (${upstream.path})`;
    const message = `postern: the engine behind ${listener}${where} cannot be used: ${reason}` +
      ` (request ${this.#gatekeeper.idOf(exchange.number)})`;
    this.#reply(status, message, { head: exchange.head.method === "HEAD", close: true });
    this.#startLingering();
  }

  /** False when the client is gone. */
  #reply(status: number, message: string, options: ReplyOptions): boolean {
    this.#down.begin(0);
    const reply = errorReply(status, message, options);
    return this.#down.offer(new Memory(reply), 0, reply.length, this.#client) !== SINK_FAILED;
  }

  /** Reads a refused body to its end, so that the next request can be found. */
  #drain(): boolean {
    const outcome = this.#up.pump(this.#client, undefined);
    if (outcome === ENDED) {
      this.#deadline?.cancel();
      this.#takeSurplus();
      return this.#idle();
    }
    if (outcome === SOURCE_CLOSED || outcome === SOURCE_FAILED) return this.#close();
    if (this.#up.taken > MAX_DRAINED) return this.#startLingering();
    if (outcome === TIRED) this.#loop.again(this);
    return false;
  }

  #startLingering(): boolean {
    this.#up.abandon();
    this.#up.begin(Infinity);
    this.#requests.clear();
    this.#phase = "lingering";
    this.#down.begin(0);
    this.#deadline?.cancel();
    this.#deadline = this.#loop.lingering.add(this);
    return true;
  }

  /**
   * Delivers the last answer, says that it was the last, and goes on reading for a while: to close with unread bytes
   * would make the client's next read fail, before it has seen the answer (unix(7) resets as TCP does).
   */
  #linger(): boolean {
    const outcome = this.#down.pump(this.#client, this.#client);
    if (outcome === WAITING) return this.#client.gone ? this.#close() : false;
    if (outcome === SINK_FAILED) return this.#close();
    if (!this.#endAnnounced) {
      this.#endAnnounced = true;
      shutdown(this.#client.fd, SHUT_WR);
      this.#deadline?.cancel();
      this.#deadline = this.#loop.lingering.add(this);
    }
    const drained = this.#up.pump(this.#client, undefined);
    if (drained === TIRED) this.#loop.again(this);
    return drained === SOURCE_CLOSED || drained === SOURCE_FAILED ? this.#close() : false;
  }

  // ---- ends

  /** What followed a chunked body in the same read begins the next request. */
  #takeSurplus(): void {
    if (this.#up.surplus !== undefined) this.#requests.put(this.#up.surplus);
    this.#up.surplus = undefined;
  }

  #dropUpstream(): void {
    if (this.#upstream !== undefined) this.#loop.release(this.#upstream);
    this.#upstream = undefined;
    this.#answers.clear();
  }

  /** `failure`: what has happened to an exchange that is not over. */
  #close(failure?: string): false {
    if (this.#phase === "closed") return false;
    this.#phase = "closed";
    if (this.#exchange !== undefined) this.#endExchange(this.#exchange, failure);
    this.#endHearing();
    this.#headDeadline?.cancel();
    this.#allowance?.close();
    this.#up.abandon();
    this.#down.abandon();
    this.#requests.clear();
    this.#dropUpstream();
    this.#loop.release(this.#client);
    // Ended from outside, it may be about to run in the next turn.
    this.#stream?.close();
    this.#place.left(this);
    return false;
  }

  #endExchange(exchange: Exchange, failure?: string): void {
    this.#recordEnd(exchange, failure);
    this.#exchange = undefined;
    this.#allowance?.end();
  }

  /** A stream's end, or one before its time, gets a line of its own. */
  #recordEnd(exchange: Exchange, failure?: string): void {
    if (!this.#recorder.on) return;
    if (failure === undefined && !lasts(exchange.judgement.operation)) return;
    this.#recorder.end(this.#gatekeeper.idOf(exchange.number), {
      decision: "allow",
      rule: exchange.judgement.decision.rule,
      request: describeRequest(exchange.head.method, exchange.judgement),
      ...(failure === undefined ? {} : { reason: failure }),
      ...(exchange.status === 0 ? {} : { status: exchange.status }),
      bytesIn: this.#up.taken,
      bytesOut: this.#down.taken,
    }, exchange.startedAt);
  }
}

/** The engine takes no more of a request: it may have answered already and closed; its answer is read next. */
function stopSending(exchange: Exchange): void {
  exchange.requestRefused = true;
  exchange.upstreamKeeps = false;
}

function tooLarge(): HeadError {
  return new HeadError(`a request head over ${MAX_HEAD} bytes`, 431);
}
