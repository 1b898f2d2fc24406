import { isAbsolute } from "node:path";
import { GATE_USER } from "../harden/names.ts";
import type { Facts } from "./facts.ts";
import { readUnit } from "./units.ts";

/**
 * Whom the gate may run as: root, its user, whose configuration it is. Not simply whoever listens at its socket, who may have put
 * one of his own there.
 */
export function gateUids(facts: Facts): ReadonlySet<number> {
  const { host, configured: { file } } = facts;
  const all = [
    0,
    ...ownUsers(facts),
    file !== undefined && isAbsolute(file) ? host.behind(file)?.uid : undefined,
  ];
  return new Set(all.filter((uid) => uid !== undefined));
}

/**
 * The gate's users: of run_as, of its unit, and that of its name which harden makes. A person may be called so, too: only one of the
 * system's numbers that nobody logs in as is taken for it (useradd(8), --system).
 */
export function ownUsers({ host, accounts: { users }, configured: { config } }: Facts): number[] {
  const unitUser = readUnit(host, "postern.service")?.values("User").at(-1);
  const named = users.filter(({ name, uid, shell }) =>
    name === unitUser || String(uid) === unitUser ||
    (name === GATE_USER && uid < FIRST_PERSON && /\/(?:nologin|false)$/.test(shell ?? ""))
  );
  return [
    ...(config?.runAs === undefined ? [] : [config.runAs.uid]),
    ...named.map(({ uid }) => uid),
  ];
}

/** UID_MIN of login.defs(5). */
const FIRST_PERSON = 1000;

/**
 * The containers that may be the gate's: they listen at its sockets, and the host has no other gate. Whether it is Postern that runs
 * there nobody outside can know, since whoever may write the sockets' folder can take their place.
 */
export function mayBeGate({ host, own, contained }: Facts): ReadonlySet<string> {
  if (own.length > 0 || readUnit(host, "postern.service") !== undefined) return new Set();
  return new Set(contained.flatMap(({ container }) => container ?? []));
}
