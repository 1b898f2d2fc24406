// The task `fuzz`: campaigns against what reads from others, each in a worker of its own.
//   deno task fuzz [--target NAME,…] [--cases N | --seconds N] [--seed N]
// The same seed, corpus and number of cases try the same inputs. What fails is made small and kept in corpus/.
import { parseArgs } from "node:util";
import { Batches } from "./batches.ts";
import { keep } from "./corpus.ts";
import { targets } from "./targets/all.ts";
import type { Report } from "./worker.ts";

/** What a night is for. */
const CASES = 200_000;
const BATCH = 500;
/** A batch takes a second or two; one that does not end in this time hangs. */
const HANG_MS = 120_000;

const { values } = parseArgs({
  // As npm users write it: deno task fuzz -- --seconds 60.
  args: Deno.args.filter((arg) => arg !== "--"),
  options: {
    target: { type: "string" },
    cases: { type: "string" },
    seconds: { type: "string" },
    seed: { type: "string" },
  },
});

const names = values.target?.split(",") ?? targets.map(({ name }) => name);
const unknown = names.filter((name) => !targets.some((target) => target.name === name));
if (unknown.length > 0) {
  const known = targets.map(({ name }) => name).join(", ");
  console.error(`fuzz: no target ${unknown.join(", ")}; there are ${known}`);
  Deno.exit(2);
}
const seed = number("seed") ?? crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
const seconds = number("seconds");
const cases = number("cases") ?? (seconds === undefined ? CASES : Infinity);

let failed = false;
for (const name of names) failed = !await campaign(name) || failed;
Deno.exit(failed ? 1 : 0);

/** Runs one campaign to its end; whether nothing was found. */
async function campaign(target: string): Promise<boolean> {
  using worker = new Batches();
  const end = seconds === undefined ? Infinity : Date.now() + seconds * 1000 / names.length;
  let report: Report = { cases: 0, answers: 0 };
  for (let n = 0; report.cases < cases && Date.now() < end; n++) {
    const batch = Math.min(BATCH, cases - report.cases);
    const next = await worker.run({ target, seed: seed + n, batch }, HANG_MS);
    if (next === undefined) {
      console.error(`fuzz: ${target} hangs: --seed ${seed}, batch ${n}`);
      return false;
    }
    report = next;
    if (report.failure !== undefined) {
      const { input, error } = report.failure;
      const file = keep(target, input);
      console.error(`fuzz: ${target} fails: --seed ${seed}\n${JSON.stringify(input)}\n${error}`);
      console.error(`kept as ${file}`);
      return false;
    }
  }
  console.log(`${target}: ${report.cases} cases, ${report.answers} answers, seed ${seed}`);
  return true;
}

function number(name: "cases" | "seconds" | "seed"): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  console.error(`fuzz: --${name} must be a number: ${JSON.stringify(text)}`);
  Deno.exit(2);
}
