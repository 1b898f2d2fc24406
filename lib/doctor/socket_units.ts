import type { Host } from "./host.ts";
import { readUnit } from "./units.ts";

/** The paths that a socket unit listens at; of specifiers, `%t` alone, which is /run for the system (systemd.unit(5)). */
export function startedAt(host: Host, name: string): string[] {
  return (readUnit(host, name)?.values("ListenStream") ?? [])
    .map((value) => value.replaceAll("%t", "/run"))
    .filter((value) => value.startsWith("/"));
}
