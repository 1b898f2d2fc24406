import { parseArgs } from "node:util";
import { workloads } from "./workloads/all.ts";

const names = [...workloads.map(({ name }) => name), "startup", "memory"];

export const usage = `The benchmark: Postern beside its peers

Usage: deno task bench [options]

      --install        only tell which Debian packages are missing
      --rounds N       interleaved rounds (5)
      --only A,B       only these of the list below
      --scale F        this part of each load (1)
      --out DIR        where latest.json, latest.md and chart.svg go (tests/bench/results)

${names.join(", ")}
`;

/** What the command line asks for. */
export interface Options {
  readonly help: boolean;
  readonly install: boolean;
  readonly rounds: number;
  readonly scale: number;
  /** Names of workloads, `startup` and `memory`. */
  readonly wanted: readonly string[];
  readonly out: string;
}

/** Reads the command line. Throws when it cannot be understood. */
export function parse(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", default: false },
      install: { type: "boolean", default: false },
      rounds: { type: "string", default: "5" },
      only: { type: "string", default: names.join() },
      scale: { type: "string", default: "1" },
      out: { type: "string", default: new URL("./results", import.meta.url).pathname },
    },
  });
  const rounds = Number(values.rounds);
  const scale = Number(values.scale);
  const wanted = values.only.split(",");
  const unknown = wanted.filter((name) => !names.includes(name));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds must be 1 or more");
  if (!(scale > 0)) throw new Error("--scale must be more than 0");
  if (unknown.length > 0) throw new Error(`--only does not know ${unknown.join()}`);
  const { help, install, out } = values;
  return { help, install, rounds, scale, wanted, out };
}
