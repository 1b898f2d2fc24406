import { isAbsolute } from "node:path";
import { GATE_USER } from "../harden/names.ts";
import type { Facts } from "./facts.ts";
import { readUnit } from "./units.ts";

/**
 * Whom the gate may run as: root, its user, whose configuration it is. Not simply whoever listens at its socket, who may have put
 * one of his own there.
 */
export function gateUids(facts: Facts): ReadonlySet<number> {
  const { host, accounts: { users }, configured: { file, config } } = facts;
  const unitUser = readUnit(host, "postern.service")?.values("User").at(-1);
  const named = users.filter(({ name, uid }) =>
    name === GATE_USER || name === unitUser || String(uid) === unitUser
  );
  const all = [
    0,
    config?.runAs?.uid,
    file !== undefined && isAbsolute(file) ? host.behind(file)?.uid : undefined,
    ...named.map(({ uid }) => uid),
  ];
  return new Set(all.filter((uid) => uid !== undefined));
}

/**
 * The containers that may be the gate's: they listen at its sockets, and the host has no other gate. Whether it is Postern that runs
 * there nobody outside can know, since whoever may write the sockets' folder can take their place.
 */
export function mayBeGate({ host, own, contained }: Facts): ReadonlySet<string> {
  if (own.length > 0 || readUnit(host, "postern.service") !== undefined) return new Set();
  return new Set(contained.flatMap(({ container }) => container ?? []));
}
