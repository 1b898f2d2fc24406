import { knock } from "./knock.ts";
import { Pairing } from "./pairing.ts";
import { filesAt } from "./place.ts";
import { processFacts } from "./process.ts";
import { LIMIT, type ProcessId, program } from "./program.ts";
import type { RealSockets } from "./real_sockets.ts";
import type { ProcessFacts } from "./sighting.ts";
import type { Follow, Found, Hearer, Running, Source } from "./source.ts";
import { type Accepted, type Connected, readTraceLine, type Refused } from "./trace_line.ts";

/** Lines of bpftrace's own that are kept, for the case that it fails. */
const MOST_TALK = 20;
/** Processes of which the kernel has told something, and the connection is still to come. */
const MOST_GLIMPSES = 1024;
/** How often bpftrace is asked whether its probes are there, in milliseconds. */
const KNOCK_MS = 50;
/** How long two bpftraces are listened to when one takes over: what the first one has seen may still be on its way, in milliseconds. */
const OVERLAP_MS = 500;
/** How often it is said that there are too many connections, in milliseconds. */
const SAY_MS = 60_000;
/** How often it is said that lines were lost. */
const SAY_LOST_MS = 5000;
/** Room for what is not read yet, for each processor, in pages: four times as much as by default (bpftrace(8)). */
const ROOM = { BPFTRACE_PERF_RB_PAGES: "256" };

/** What is known of one side of a connection as soon as it is heard of. */
interface Seen {
  readonly time: number;
  readonly facts: ProcessFacts;
}

/** Listens with bpftrace. `own`: processes of which nothing need be told. */
export function startEbpf(
  sockets: RealSockets,
  hearer: Hearer,
  follow: Follow,
  own: () => readonly ProcessId[],
): Source {
  const listening = new Listening(sockets, hearer, follow, own);
  listening.begin();
  return listening;
}

class Listening implements Source {
  readonly #sockets: RealSockets;
  readonly #hearer: Hearer;
  readonly #follow: Follow;
  readonly #own: () => readonly ProcessId[];
  readonly #pairing: Pairing<Seen>;
  readonly #talk: string[] = [];
  readonly #glimpses = new Map<number, ProcessFacts>();
  /** The bpftraces that run: one, or for a moment a second one that takes over. */
  readonly #running = new Map<string, Running>();
  /** The program of the one that is listened to. */
  #current: string | undefined;
  /** The last program that sees everything. */
  #ready: string | undefined;
  /** Programs that are still listened to, although another one has taken over. */
  readonly #ending = new Map<string, ReturnType<typeof setTimeout>>();
  /** Lines that may come twice meanwhile, with the program that they came from. */
  readonly #twice = new Map<string, string>();
  #crowdTold = -Infinity;
  #lost = 0;
  #lostTold = -Infinity;

  constructor(
    sockets: RealSockets,
    hearer: Hearer,
    follow: Follow,
    own: () => readonly ProcessId[],
  ) {
    this.#sockets = sockets;
    this.#hearer = hearer;
    this.#follow = follow;
    this.#own = own;
    this.#pairing = new Pairing((side) => this.#look(side), (side, seen) => {
      const socket = sockets.named(side);
      if (socket !== undefined) hearer.found({ ...base(side, seen), socket, errno: 0, by: "file" });
    });
  }

  /** Starts bpftrace for what the real sockets and Postern's processes are now, unless one runs with them. */
  begin(): void {
    const text = program(this.#sockets.ids(), Deno.pid, this.#own());
    if (this.#running.has(text)) return;
    this.#current ??= text;
    const hear = (line: string, from: "stdout" | "stderr") => {
      // Versions of bpftrace differ in where they say that events were lost.
      if (from === "stderr" && readTraceLine(line).kind !== "lost") return this.#keep(line);
      if (line === "R") this.#takeOver(text);
      else if (this.#counts(text, line)) this.#hear(line);
    };
    const started = this.#follow("bpftrace", ["-B", "line", "-e", text], hear, ROOM);
    if (started === undefined) return this.#hearer.failed("bpftrace is not installed");
    this.#running.set(text, started);
    const knocking = setInterval(() => {
      if (this.#ready === text || !this.#running.has(text)) clearInterval(knocking);
      else knock();
    }, KNOCK_MS);
    started.ended.then((code) => {
      if (!this.#running.delete(text)) return;
      const said = this.#talk.join("\n") || "nothing";
      this.#hearer.failed(`bpftrace ended with ${code}; it said: ${said}`);
    });
  }

  async stop(): Promise<void> {
    for (const timer of this.#ending.values()) clearTimeout(timer);
    await this.#end(() => true);
    this.#pairing.close();
  }

  /** A bpftrace that sees everything from now on: the one before it can go. */
  #takeOver(text: string): void {
    const first = this.#ready === undefined;
    this.#current = text;
    this.#ready = text;
    for (const other of this.#running.keys()) {
      if (other === text || this.#ending.has(other)) continue;
      this.#ending.set(other, setTimeout(() => void this.#finish(other), OVERLAP_MS));
    }
    if (first) this.#hearer.ready();
  }

  async #finish(text: string): Promise<void> {
    await this.#end((other) => other === text);
    this.#ending.delete(text);
    if (this.#ending.size === 0) this.#twice.clear();
  }

  /** Whether a line is news: what two see is told once. */
  #counts(text: string, line: string): boolean {
    const isCurrent = text === this.#current;
    if (!isCurrent && !this.#ending.has(text)) return false;
    if (this.#ending.size === 0) return true;
    if (!/^[ACF] /.test(line)) return isCurrent || /^[EGW] /.test(line);
    const other = this.#twice.get(line);
    if (other === undefined || other === text) {
      this.#twice.set(line, text);
      return true;
    }
    this.#twice.delete(line);
    return false;
  }

  async #end(which: (text: string) => boolean): Promise<void> {
    const found = [...this.#running].filter(([text]) => which(text));
    for (const [text] of found) this.#running.delete(text);
    await Promise.all(found.map(([, running]) => running.stop()));
  }

  #hear(text: string): void {
    const line = readTraceLine(text);
    switch (line.kind) {
      case "connected":
      case "accepted":
        if (this.#sockets.named(line) !== undefined) this.#pairing.take(line);
        this.#glimpses.delete(line.pid);
        return;
      case "refused":
        this.#refused(line);
        this.#glimpses.delete(line.pid);
        return;
      case "glimpse": {
        const { kind: _, pid, ...facts } = line;
        if (this.#glimpses.size >= MOST_GLIMPSES) this.#glimpses.clear();
        this.#glimpses.set(pid, { ...this.#glimpses.get(pid), ...facts });
        return;
      }
      case "lost":
        this.#lost += line.count;
        return this.#tellLost();
      case "crowd":
        return this.#crowd(line.others, line.refused);
      case "tick":
        this.#tellLost();
        this.#sockets.refresh();
        return this.begin();
      case "talk":
        return this.#keep(text);
    }
  }

  #tellLost(): void {
    const now = performance.now();
    if (this.#lost === 0 || now - this.#lostTold < SAY_LOST_MS) return;
    this.#hearer.missed(
      `the kernel had no room for ${this.#lost} lines about connections: too many at once`,
    );
    this.#lost = 0;
    this.#lostTold = now;
  }

  /** Others' connections to other sockets are many on some machines, and rarely matter. */
  #crowd(others: number, refused: number): void {
    const now = performance.now();
    if (now - this.#crowdTold < SAY_MS) return;
    this.#crowdTold = now;
    const left = [
      ...(others > LIMIT ? [`${others - LIMIT} connections to other sockets`] : []),
      ...(refused > LIMIT ? [`${refused - LIMIT} refused connections`] : []),
    ].join(" and ");
    this.#hearer.missed(
      `${left} were not looked at in this second: with so many, attempts that are refused can be ` +
        "missed, and connections to an engine in its first seconds; this is said once a minute",
    );
  }

  #refused(line: Refused): void {
    const files = filesAt(line.path, line.pid, line.tid);
    const socket = files === undefined
      ? this.#sockets.called(line.path)
      : files.map((file) => this.#sockets.same(file)).find((path) => path !== undefined);
    if (socket === undefined) return;
    const by = files === undefined ? "name" : "file";
    this.#hearer.found({ ...base(line, this.#look(line)), socket, errno: line.errno, by });
  }

  #look(side: Connected | Accepted | Refused): Seen {
    const parent = side.kind === "accepted" ? undefined : side.parent;
    return {
      time: Date.now(),
      facts: processFacts(side.pid, parent, this.#glimpses.get(side.pid)),
    };
  }

  #keep(text: string): void {
    if (text.trim() !== "" && this.#talk.push(text) > MOST_TALK) this.#talk.shift();
  }
}

function base(
  side: Connected | Accepted | Refused,
  { time, facts }: Seen,
): Omit<Found, "socket" | "errno" | "by"> {
  const { pid, uid } = side;
  const more = side.kind === "accepted" ? {} : { comm: side.comm, began: side.began };
  return { time, pid, uid, ...more, ...facts };
}
