// The task `soak`: Postern among faults for ten minutes, or as long as it is told.
//   deno task soak [--seconds N] [--seed N]
import { parseArgs } from "node:util";
import { excesses, leaks } from "./excesses.ts";
import { kindOf } from "./kinds.ts";
import { reportText } from "./report.ts";
import { soak } from "./soak.ts";

const { values } = parseArgs({
  // As npm users write it: deno task soak -- --seconds 60.
  args: Deno.args.filter((arg) => arg !== "--"),
  options: { seconds: { type: "string" }, seed: { type: "string" } },
});
const seconds = number("seconds") ?? 600;
const seed = number("seed") ?? crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;

const { most, ...kind } = kindOf(seconds);

const report = await soak({
  ...kind,
  seconds,
  warmUp: 10,
  seed,
  auditSize: "4MiB",
  say: console.log,
});
console.log(reportText(report));
const wrong = [...report.wrong, ...excesses(report), ...leaks(report, most)];
for (const what of wrong) console.error(`soak: ${what}`);
if (report.wrong.length > 0) console.error(report.log);
Deno.exit(wrong.length > 0 ? 1 : 0);

function number(name: "seconds" | "seed"): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  console.error(`soak: --${name} must be a number: ${JSON.stringify(text)}`);
  Deno.exit(2);
}
