/// <reference lib="deno.worker" />
import { close } from "../../lib/linux/io.ts";
import { TlsContext, type TlsMaterial } from "../../lib/linux/tls_context.ts";
import { dial, upstreamAt } from "../../lib/relay/dial.ts";
import { Flow } from "../../lib/relay/flow.ts";
import { Loop } from "../../lib/relay/loop.ts";
import { RawStream } from "../../lib/relay/raw_stream.ts";
import { TlsTerminator } from "../../lib/relay/tls.ts";

// A loop whose every client comes by TLS and is relayed, without being read, to a unix socket that the test plays.

/** What the worker is told, once. */
export interface TlsPlan {
  readonly material: TlsMaterial;
  readonly listenFd: number;
  readonly wakeFd: number;
  readonly upstream: string;
}

/** What it tells: one for each of the events of `TlsEvents`, in their order. */
export interface TlsTold {
  readonly event: "ready" | "done" | "failed" | "broken" | "closed" | "stopped" | "warned";
  /** Empty where there is none. */
  readonly reason: string;
  /** Of `done`. */
  readonly certificate?: unknown;
}

const tell = (event: TlsTold["event"], reason = "", certificate?: unknown) =>
  self.postMessage({ event, reason, certificate } satisfies TlsTold);

self.onmessage = async ({ data: plan }: MessageEvent<TlsPlan>) => {
  const { path, address } = upstreamAt(plan.upstream);
  const context = new TlsContext(plan.material);
  const loop = new Loop(
    plan.wakeFd,
    false,
    undefined,
    (reason) => tell("warned", reason),
  );
  const running = new Set<TlsTerminator>();
  loop.listen({
    fd: plan.listenFd,
    open: true,
    limited: false,
    accepted(fd) {
      const client = loop.attach(fd);
      if (client === undefined) return;
      let stream: RawStream | undefined;
      const terminator = new TlsTerminator(loop, context, client, {
        done(plainFd, certificate) {
          tell("done", "", certificate);
          const dialled = dial(path, address);
          if (!("fd" in dialled)) return close(plainFd);
          const gate = loop.attach(plainFd)!;
          const engine = loop.attach(dialled.fd)!;
          stream = new RawStream(loop, gate, engine, new Flow(), new Flow(), () => {
            loop.release(gate);
            loop.release(engine);
          });
          stream.run();
        },
        failed: (reason) => tell("failed", reason),
        broken(reason) {
          tell("broken", reason);
          stream?.close();
        },
        closed() {
          running.delete(terminator);
          tell("closed");
        },
      });
      running.add(terminator);
      terminator.start();
    },
  });
  tell("ready");
  await loop.run(() => {
    for (const one of running) one.close();
    return Promise.resolve(true);
  });
  context.close();
  tell("stopped");
  self.close();
};
