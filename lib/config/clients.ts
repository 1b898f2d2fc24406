import { type AddressRange, parseRange } from "../policy/address.ts";
import { closest } from "../policy/suggest.ts";
import type { ClientRule, IdRange } from "../policy/types.ts";
import { type AccountKind, resolveAccount } from "./accounts.ts";
import type { Diagnostic } from "./diagnostics.ts";
import type { Path, YamlFile } from "./document.ts";
import { got } from "./got.ts";
import { parseIds } from "./ids.ts";
import type { Loose, LooseClient } from "./schema.ts";
import type { NameService } from "./types.ts";

type OneOrMore<T> = T | readonly (T | undefined)[] | undefined;
type Conditions = Omit<LooseClient, "policy">;

/** What client rules are resolved against. */
export interface ClientScope {
  readonly names: NameService;
  readonly listeners: readonly string[];
  report(diagnostic: Diagnostic): void;
}

/** The client rule at `path`, with its names resolved. */
export function clientRule(
  yaml: YamlFile,
  path: Path,
  client: Conditions,
  policy: string,
  scope: ClientScope,
): ClientRule {
  requireConditions(yaml, path, policy, scope);
  const uids = ids(yaml, path, client, "user", scope);
  const gids = ids(yaml, path, client, "group", scope);
  const listeners = items(client.listener, [...path, "listener"]);
  for (const { value, path } of listeners) {
    if (scope.listeners.includes(value)) continue;
    const message = `unknown listener ${JSON.stringify(value)}`;
    const hint = suggestion(value, scope.listeners, "listeners");
    scope.report(yaml.atValue("unknown-listener", path, message, hint));
  }
  const { address, cert, container, label } = client;
  return {
    ...(uids === undefined ? {} : { uids }),
    ...(gids === undefined ? {} : { gids }),
    ...(client.listener === undefined ? {} : { listeners: listeners.map(({ value }) => value) }),
    ...(address === undefined ? {} : { addresses: ranges(yaml, path, address, scope) }),
    ...(cert === undefined ? {} : { certificates: values(cert) }),
    ...(container === undefined ? {} : { containers: values(container) }),
    ...(label === undefined ? {} : { labels: labels(yaml, path, label, scope) }),
    policy,
    origin: yaml.origin(path),
  };
}

/** A rule about everybody is one from which a line was lost; keys with mistakes in them count, they were reported. */
function requireConditions(
  yaml: YamlFile,
  path: Path,
  policy: string,
  { report }: ClientScope,
): void {
  if (yaml.keys(path).some((key) => key !== "policy")) return;
  const message = "this rule has no conditions, so it would be about everybody";
  const hint =
    "name a uid, user, gid, group, listener, address, cert, container or label; what everybody gets is " +
    `default: ${policy}, or a listener's policy`;
  report(yaml.atValue("no-conditions", path, message, hint));
}

/** `did you mean …`, or everything there is. */
export function suggestion(word: string, known: readonly string[], what: string): string {
  const near = closest(word, known);
  if (near !== undefined) return `did you mean ${near}`;
  return known.length === 0 ? `there are no ${what}` : `the ${what} are ${known.join(", ")}`;
}

/** A single value as a list of one, each with its own place. */
export function items<T extends string | number>(
  value: OneOrMore<T>,
  path: Path,
): { value: T; path: Path }[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [{ value: value as T, path }];
  return value.flatMap((item: T | undefined, index) =>
    item === undefined ? [] : [{ value: item, path: [...path, index] }]
  );
}

function values(value: OneOrMore<string>): string[] {
  return items(value, []).map(({ value }) => value);
}

function ranges(
  yaml: YamlFile,
  path: Path,
  written: OneOrMore<string>,
  { report }: ClientScope,
): AddressRange[] {
  return items(written, [...path, "address"]).flatMap(({ value, path }) => {
    const range = parseRange(value);
    if (range !== undefined) return [range];
    const message = "address must be an address like 172.18.0.4 or a range like 172.18.0.0/16, " +
      `whose bits behind the prefix are 0: ${got(value)}`;
    report(yaml.atValue("bad-address", path, message));
    return [];
  });
}

function labels(
  yaml: YamlFile,
  path: Path,
  written: OneOrMore<string>,
  { report }: ClientScope,
): (readonly [string, string])[] {
  return items(written, [...path, "label"]).flatMap(({ value, path }) => {
    const equals = value.indexOf("=");
    if (equals > 0) return [[value.slice(0, equals), value.slice(equals + 1)] as const];
    const message = `label must be a label and its value, as key=value: ${got(value)}`;
    report(yaml.atValue("wrong-value", path, message));
    return [];
  });
}

function ids(
  yaml: YamlFile,
  path: Path,
  client: Conditions,
  kind: AccountKind,
  scope: ClientScope,
): readonly IdRange[] | undefined {
  const idKey = kind === "user" ? "uid" : "gid";
  const byId: Loose<LooseClient["uid"]> = client[idKey];
  const byName = client[kind];
  if (byId !== undefined && byName !== undefined) {
    const message = `${idKey} and ${kind} say the same thing twice`;
    const hint = "keep one of them; several are a list";
    scope.report(yaml.atKey("conflict", [...path, kind], message, hint));
  }
  if (byId === undefined && byName === undefined) return undefined;
  const ranges: IdRange[] = [];
  for (const { value, path: at } of items(byId, [...path, idKey])) {
    const parsed = parseIds(value);
    if ("ids" in parsed) ranges.push(...parsed.ids);
    else {
      const hint = /^[a-z_]/i.test(String(value)) ? `write ${kind}: ${value}` : undefined;
      scope.report(yaml.atValue("bad-id", at, `${idKey} ${parsed.problem}`, hint));
    }
  }
  for (const { value, path: at } of items(byName, [...path, kind])) {
    const found = resolveAccount(scope.names, kind, value);
    if ("value" in found) ranges.push([found.value, found.value]);
    else scope.report(yaml.atValue(`unknown-${kind}`, at, found.problem, found.hint));
  }
  return ranges;
}
