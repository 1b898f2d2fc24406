import { closest } from "../policy/suggest.ts";
import { parseId } from "./ids.ts";
import type { NameService } from "./types.ts";
import type { Parsed } from "./values.ts";

export type AccountKind = "user" | "group";

/** The id of a user or group by its name. */
function resolveName(
  names: NameService,
  kind: AccountKind,
  name: string,
): Parsed<number> {
  const id = kind === "user" ? names.uidOf(name) : names.gidOf(name);
  if (id !== undefined) return { value: id };
  const near = closest(name, kind === "user" ? names.userNames() : names.groupNames());
  return {
    problem: `unknown ${kind} ${JSON.stringify(name)}`,
    ...(near === undefined ? {} : { hint: `did you mean ${near}` }),
  };
}

/** The id of a user or group by its name or number; a name made of digits wins, as with chown(1). */
export function resolveAccount(
  names: NameService,
  kind: AccountKind,
  value: string | number,
): Parsed<number> {
  if (typeof value === "number") return { value };
  const named = resolveName(names, kind, value);
  const id = "problem" in named ? parseId(value) : undefined;
  return id === undefined ? named : { value: id };
}
