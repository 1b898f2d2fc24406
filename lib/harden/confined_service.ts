import type { Facts, Step } from "./part.ts";
import { isBooted } from "./units.ts";

const SERVICE = "postern.service";

/** Has systemd start the gate in a domain of a security module: a setting for its service, in a file of the part's own. */
export function confinedService(facts: Facts, name: string, setting: string): Step[] {
  if (!facts.installed("systemctl")) return [];
  return [
    {
      kind: "file",
      path: `/etc/systemd/system/${SERVICE}.d/${name}`,
      content: () => `# Written by postern harden.\n[Service]\n${setting}\n`,
      mode: 0o644,
      why: "the service starts confined, or not at all",
    },
    ...(isBooted(facts)
      ? [
        {
          kind: "command",
          command: ["systemctl", "daemon-reload"],
          why: "systemd reads its units again",
        } as const,
      ]
      : []),
    ...restartConfined(facts),
  ];
}

/** Has a gate that runs begin anew in its domain. */
export function restartConfined(facts: Facts): Step[] {
  if (!facts.installed("systemctl") || !isBooted(facts)) return [];
  return [{
    kind: "command",
    // With --only there may be no such service.
    command: ["sh", "-c", `! systemctl -q is-active ${SERVICE} || systemctl restart ${SERVICE}`],
    why: "a gate that runs begins anew, confined; its sockets stay, and clients wait",
  }];
}
