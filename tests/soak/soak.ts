import { type AuditLine, RunningGate } from "../support/gate.ts";
import { Random } from "../support/random.ts";
import { Client, Cut, type Surroundings } from "./client.ts";
import { SoakEngine } from "./engine.ts";
import { faults, policyText, type Stage } from "./faults.ts";
import { Heap } from "./heap.ts";
import { Ledger } from "./ledger.ts";
import type { Sample } from "./memory.ts";
import { memoryText, vitalsText } from "./report.ts";
import { tlsWay } from "./tls_way.ts";
import { Tags } from "./tags.ts";
import { traffic } from "./traffic.ts";
import { type Vitals, vitalsOf } from "./vitals.ts";

export const WORKERS = 2;
const CLIENTS = 12;
const TLS_SHARE = 0.2;
/** Between two faults, in milliseconds, at most. */
const FAULT_MS = 500;
/** How long all may take to let go of what they held, in milliseconds. */
const SETTLE_MS = 30_000;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What came of a soak. */
export interface Report {
  readonly seed: number;
  readonly seconds: number;
  readonly ledger: Ledger;
  readonly faults: ReadonlyMap<string, number>;
  readonly lines: number;
  readonly files: number;
  /** After the warm-up, and at the end, when nobody is connected. */
  readonly before: Vitals;
  readonly after: Vitals;
  /** The gate's memory and the requests so far, about once a second. */
  readonly samples: readonly Sample[];
  readonly log: string;
  /** What must never happen. */
  readonly wrong: readonly string[];
}

export interface Options {
  readonly seconds: number;
  /** It goes on until so many were made, too: a slow machine takes longer to show as much. */
  readonly requests?: number;
  readonly warmUp: number;
  readonly seed: number;
  /** Bytes of an audit file before it is rotated. */
  readonly auditSize: string;
  /** V8 keeps the gate's young objects in so much for each thread; as much as it likes, up to 64 MiB, unless it is set. */
  readonly youngMiB?: number;
  readonly say: (text: string) => void;
}

/** Postern before an engine that fails, among clients that do what they like, for so many seconds. */
export async function soak(options: Options): Promise<Report> {
  const random = new Random(options.seed);
  const way = await tlsWay();
  const told = await Deno.makeTempFile({ dir: "/tmp" });
  const young = options.youngMiB === undefined ? [] : [`--max-semi-space-size=${options.youngMiB}`];
  await using gate = await RunningGate.serve(
    {
      upstream: "DIR/up.sock",
      listeners: [
        { name: "soak", socket: "DIR/gate.sock", mode: "0666", policy: "soak" },
        ...(way === undefined ? [] : [way.listener]),
      ],
      policies: "soak.yaml",
      audit: { file: "DIR/audit.jsonl", rotate: { size: options.auditSize, keep: 1000 } },
      workers: WORKERS,
    },
    { "soak.yaml": policyText(0), ...way?.files },
    {
      through: ["/bin/sh", "-c", `exec "$@" >${told}`, "sh"],
      env: { DENO_V8_FLAGS: ["--trace-gc", ...young].join(",") },
    },
  );
  using heap = new Heap(told);
  using engine = new SoakEngine(`${gate.directory}/up.sock`, random);
  const socket = `${gate.directory}/gate.sock`;
  const ledger = new Ledger();
  const surroundings: Surroundings = {
    socket,
    ...(way === undefined ? {} : { tls: way }),
    tlsShare: TLS_SHARE,
    random,
    tags: new Tags(random),
    ledger,
    calm: false,
  };
  const stage: Stage = { gate, engine, socket, random, asRoot: Deno.uid() === 0, turn: 0 };
  const samples: Sample[] = [];
  const begun = performance.now();
  const sample = () => {
    const seconds = Math.round((performance.now() - begun) / 1000);
    const { residentMiB } = vitalsOf(gate.pid);
    samples.push({ seconds, requests: ledger.requests, residentMiB, live: heap.live() });
  };

  const happened = new Map<string, number>();
  let second = 0;
  await rounds(surroundings, stage, happened, () => ++second <= options.warmUp);
  const before = await settled(gate.pid, undefined);
  options.say(`after the warm-up: ${vitalsText(before)}`);
  await rounds(surroundings, stage, happened, () => {
    sample();
    const { seconds, requests } = samples.at(-1)!;
    if (samples.length % 10 === 0) {
      options.say(`${seconds} s: ${requests} requests, ${memoryText(samples.at(-1)!)}`);
    }
    return samples.length <= options.seconds || requests < (options.requests ?? 0);
  });
  await calmRound(surroundings);
  const after = await settled(gate.pid, before);
  options.say(`at the end: ${vitalsText(after)}`);
  await gate.stop();
  await Deno.remove(told);
  const { lines, files, torn } = await auditOf(gate.directory);
  return {
    seed: options.seed,
    seconds: options.seconds,
    ledger,
    faults: happened,
    lines: lines.length,
    files,
    before,
    after,
    samples,
    log: gate.stderr,
    wrong: [...ledger.wrong, ...torn, ...ledger.differences(lines)],
  };
}

/** Clients and faults until `more`, which is asked once a second, says no; every fault is over then, and every client has left. */
async function rounds(
  surroundings: Surroundings,
  stage: Stage,
  happened: Map<string, number>,
  more: () => boolean,
): Promise<void> {
  let over = false;
  const clients = Array.from({ length: CLIENTS }, async () => {
    const { random } = surroundings;
    while (!over) if (!await visit(surroundings, random.pick(kinds))) await pause(10);
  });
  const faulting = (async () => {
    while (!over) {
      const name = stage.random.pick(Object.keys(faults));
      await faults[name]!(stage);
      happened.set(name, (happened.get(name) ?? 0) + 1);
      await pause(stage.random.next() * FAULT_MS);
    }
  })();
  while (more()) await pause(1000);
  over = true;
  await Promise.all([faulting, ...clients]);
}

const kinds = Object.keys(traffic);

/** One connection of one client; whether all came to its end. */
async function visit(surroundings: Surroundings, kind: string): Promise<boolean> {
  const { ledger } = surroundings;
  try {
    using client = await Client.connect(surroundings);
    const whole = await traffic[kind]!(client);
    ledger.ended(kind, whole ? "whole" : "failed");
    return whole;
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
    ledger.ended(kind, "cut");
    return false;
  }
}

/** With nothing to disturb it, everything works as at the beginning, by either way. */
async function calmRound(surroundings: Surroundings): Promise<void> {
  const bySocket = { ...surroundings, calm: true, tlsShare: 0 };
  // The socket may have been removed just now; it is looked after once a second.
  for (let tries = 0; tries < 500 && !await visit(bySocket, kinds[0]!); tries++) await pause(10);
  const ways = surroundings.tls === undefined
    ? [bySocket]
    : [bySocket, { ...bySocket, tlsShare: 1 }];
  for (const way of ways) {
    for (const kind of kinds) {
      if (await visit(way, kind)) continue;
      const name = way === bySocket ? "the socket" : "TLS";
      surroundings.ledger.wrong.push(`${kind} fails by ${name} afterwards`);
    }
  }
}

/** What the gate holds when it has let go of all that it will: as much as `before`, or what it is after a while. */
async function settled(pid: number, before: Vitals | undefined): Promise<Vitals> {
  const begun = performance.now();
  let last = vitalsOf(pid);
  for (let same = 0; same < 20 && performance.now() - begun < SETTLE_MS;) {
    await pause(100);
    const now = vitalsOf(pid);
    const isSame = now.sockets === last.sockets && now.threads === last.threads &&
      (before === undefined || (now.sockets <= before.sockets && now.threads <= before.threads));
    same = isSame ? same + 1 : 0;
    last = now;
  }
  return last;
}

/** All that was recorded, in all files. */
async function auditOf(
  directory: string,
): Promise<{ lines: AuditLine[]; files: number; torn: string[] }> {
  const lines: AuditLine[] = [];
  const torn: string[] = [];
  let files = 0;
  for await (const { name } of Deno.readDir(directory)) {
    if (!name.startsWith("audit.jsonl")) continue;
    files++;
    const text = await Deno.readTextFile(`${directory}/${name}`);
    for (const line of text.split("\n").filter((line) => line !== "")) {
      try {
        lines.push(JSON.parse(line));
      } catch {
        torn.push(`${name} has a line that is no record: ${line.slice(0, 200)}`);
      }
    }
  }
  return { lines, files, torn };
}
