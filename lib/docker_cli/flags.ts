import { closest } from "../policy/suggest.ts";
import { CommandError } from "./request.ts";

/** The flags of a command, as `volume|v` separated by blanks. */
export interface FlagNames {
  readonly bool?: string;
  readonly text?: string;
  /** Those that can be there several times. */
  readonly list?: string;
  /** Those that change nothing in the requests. */
  readonly ignoredBool?: string;
  readonly ignoredText?: string;
  /** Those whose effect nobody can know here, and why. */
  readonly unsupported?: Readonly<Record<string, string>>;
  /** Flags end at the first argument, as behind `docker run IMAGE`. */
  readonly endAtArgument?: boolean;
}

type Kind = "bool" | "text" | "list";

/** Flags with their values, and the arguments. */
export class Flags {
  readonly arguments: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>, rest: readonly string[]) {
    this.#values = values;
    this.arguments = rest;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  bool(name: string): boolean {
    return this.#values.get(name)?.at(-1) === "true";
  }

  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }
}

/** Parses arguments as pflag does: `--name=x`, `--name x`, `-nx`, `-n=x`, `-abc`, `--`. */
export function parseFlags(command: string, names: FlagNames, args: readonly string[]): Flags {
  const known = new Map<string, { name: string; kind: Kind; long: string }>();
  const add = (list: string | undefined, kind: Kind) => {
    for (const entry of list?.split(" ") ?? []) {
      const [name, ...others] = entry.split("|") as [string, ...string[]];
      for (const spelling of [name, ...others]) {
        known.set(spelling, {
          name,
          kind,
          long: spelling.length > 1 ? `--${spelling}` : `-${spelling}`,
        });
      }
    }
  };
  add(names.bool, "bool");
  add(names.ignoredBool, "bool");
  add(names.text, "text");
  add(names.ignoredText, "text");
  add(names.list, "list");

  const values = new Map<string, string[]>();
  const rest: string[] = [];
  const queue = [...args];
  const flagNamed = (spelling: string, written: string) => {
    const reason = names.unsupported?.[spelling];
    if (reason !== undefined) throw unsupported(`docker ${command} ${written}: ${reason}`);
    const flag = known.get(spelling);
    if (flag !== undefined) return flag;
    const near = closest(spelling, [...known.keys()].filter((name) => name.length > 1));
    const hint = near === undefined || spelling.length < 3 ? "" : `, did you mean --${near}`;
    throw unsupported(`docker ${command} has no flag ${written} that Postern knows${hint}`);
  };
  const take = (
    { name, kind, long }: { name: string; kind: Kind; long: string },
    given?: string,
  ) => {
    const value = kind === "bool" ? boolean(long, given ?? "true") : given ?? queue.shift();
    if (value === undefined) throw new CommandError(`docker ${command}: ${long} needs a value`);
    values.set(name, [...values.get(name) ?? [], value]);
  };

  while (queue.length > 0) {
    const word = queue.shift()!;
    if (word === "--") {
      rest.push(...queue);
      break;
    }
    if (word.startsWith("--")) {
      const equals = word.indexOf("=");
      const spelling = word.slice(2, equals < 0 ? undefined : equals);
      const flag = flagNamed(spelling.length > 1 ? spelling : `--${spelling}`, `--${spelling}`);
      take(flag, equals < 0 ? undefined : word.slice(equals + 1));
    } else if (word.startsWith("-") && word !== "-") {
      takeShort(word.slice(1));
    } else {
      rest.push(word);
      if (names.endAtArgument === true) {
        rest.push(...queue);
        break;
      }
    }
  }
  return new Flags(values, rest);

  function takeShort(letters: string): void {
    for (let i = 0; i < letters.length; i++) {
      const flag = flagNamed(letters[i]!, `-${letters[i]}`);
      const behind = letters.slice(i + 1);
      if (flag.kind === "bool" && !behind.startsWith("=")) take(flag);
      else return take(flag, behind === "" ? undefined : behind.replace(/^=/, ""));
    }
  }
}

/** What cannot be taken apart here can still be explained as a request. */
export function unsupported(message: string): CommandError {
  return new CommandError(`${message}; write the request instead: METHOD PATH --body FILE`);
}

/** As Go's strconv.ParseBool. */
function boolean(flag: string, text: string): string {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return "true";
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return "false";
  throw new CommandError(`${flag} takes true or false, got ${JSON.stringify(text)}`);
}
