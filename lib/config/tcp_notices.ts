import type { Config, ListenerConfig } from "./types.ts";
import { isOpenToOthers } from "./tcp.ts";

/** What the operator should know of the listeners on TCP and of the rules for their clients, in words. */
export function tcpWarnings(
  { listeners, gate, runAs }: Pick<Config, "listeners" | "gate" | "runAs">,
): string[] {
  const tcp = listeners.filter((listener) => listener.tcp !== undefined);
  const open = tcp.filter((listener) => listener.insecure === true && isOpenToOthers(listener.tcp!))
    .map(({ socket, name }) =>
      `${socket} (${name}) is insecure: whoever reaches it is let in without showing who he is, and ` +
      "can be read and changed on the way; use tls, or keep it on a network of its own"
    );
  const isAbout = (names: readonly string[] | undefined, { name }: ListenerConfig) =>
    names?.includes(name) ?? true;
  const blind = gate.clients.flatMap(({ uids, gids, listeners: names, origin }) => {
    if (uids === undefined && gids === undefined) return [];
    const here = tcp.filter((listener) => isAbout(names, listener)).map(({ name }) => name);
    return here.length === 0 ? [] : [
      `client rule ${origin} needs a uid or a group, which clients on TCP do not have: at ` +
      `${
        here.join(", ")
      } they get deny unless a rule before it is about them; give it listener: NAME`,
    ];
  });
  const local = listeners.filter((listener) => listener.tcp === undefined);
  const lost = gate.clients.flatMap(({ containers, labels, listeners: names, origin, ...rule }) => {
    if (containers === undefined && labels === undefined) return [];
    // Where another condition is surely not met, nobody needs to know.
    if (rule.addresses !== undefined || rule.certificates !== undefined) return [];
    const here = local.filter((listener) => isAbout(names, listener)).map(({ name }) => name);
    return here.length === 0 ? [] : [
      `client rule ${origin} needs a container, which is known of clients on TCP only: at ` +
      `${
        here.join(", ")
      } they get deny unless a rule before it is about them; give it listener: NAME`,
    ];
  });
  // The descriptors of others' processes are root's to see (ptrace(2)), and Landlock keeps them from everybody.
  const unproved = runAs === undefined ? [] : gate.clients.flatMap((rule) => {
    if (rule.containers === undefined && rule.labels === undefined) return [];
    const here = tcp.filter((listener) => isAbout(rule.listeners, listener)).map(({ name }) =>
      name
    );
    return here.length === 0 ? [] : [
      `client rule ${rule.origin} needs a container, and with run_as Postern may not see which process holds a ` +
      `connection: at ${here.join(", ")} everybody gets deny unless a rule before it is about them`,
    ];
  });
  return [...open, ...blind, ...lost, ...unproved];
}
