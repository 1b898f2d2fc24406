import { closest } from "../policy/suggest.ts";
import type { Surroundings } from "./container_body.ts";
import type { FlagNames, Flags } from "./flags.ts";
import { type CliRequest, CommandError, filtersOf, request } from "./request.ts";

/** A docker subcommand: its flags, how many arguments it takes, and what it sends. */
export interface Command extends FlagNames {
  /** As the usage line names them: `CONTAINER [CONTAINER...]`. */
  readonly usage: string;
  /** At least, and at most, so many arguments. */
  readonly takes: readonly [least: number, most: number];
  readonly remarks?: readonly string[];
  requests(flags: Flags, around: Surroundings): readonly CliRequest[];
}

export type Commands = Readonly<Record<string, Command>>;

export const MANY = Number.POSITIVE_INFINITY;

/** What lists a whole kind of things, with filters. */
export function listing(path: string, query: Readonly<Record<string, string>> = {}): Command {
  return {
    list: "filter|f",
    ignoredBool: "quiet|q no-trunc",
    ignoredText: "format",
    usage: "",
    takes: [0, 0],
    requests: (flags) => [
      request("GET", path, { ...query, filters: filtersOf(flags.list("filter")) }),
    ],
  };
}

/** Checks the number of arguments. */
export function checkArguments(
  name: string,
  { takes: [least, most], usage }: Command,
  flags: Flags,
) {
  const { length } = flags.arguments;
  if (length >= least && length <= most) return;
  throw new CommandError(
    `docker ${name} takes ${usage === "" ? "no arguments" : usage}, got ${length} arguments`,
  );
}

/** Says that there is no such command. */
export function unknownCommand(name: string, known: readonly string[]): CommandError {
  const near = closest(name, known);
  const hint = near === undefined ? "" : `, did you mean docker ${near}`;
  return new CommandError(
    `docker ${name} is no command that Postern knows${hint}; write the request instead: METHOD PATH --body FILE`,
  );
}
