import type { Config } from "./types.ts";

/**
 * The engines' sockets that the gate stands before, as the configuration names them, each once. What a raw listener leads to is
 * another program's, a database's for example: it is nothing to be hardened, watched or sealed.
 */
export function engineSockets({ listeners, authz }: Pick<Config, "listeners" | "authz">): string[] {
  const spoken = listeners.filter(({ protocol }) => protocol === "http");
  return [
    ...new Set([
      ...spoken.map(({ upstream }) => upstream),
      ...(authz === undefined ? [] : [authz.upstream]),
    ]),
  ];
}

/** Everything that the gate connects to: the engines' sockets, and those behind raw listeners. */
export function everyUpstream({ listeners, authz }: Pick<Config, "listeners" | "authz">): string[] {
  return [
    ...new Set([
      ...engineSockets({ listeners, ...(authz && { authz }) }),
      ...listeners.map(({ upstream }) => upstream),
    ]),
  ];
}
