import { formatMode } from "../config/mode.ts";
import type { Config, ListenerConfig } from "../config/types.ts";
import { unitPath } from "./units.ts";

/**
 * The units of the listeners, by name: mode and owner are a unit's and not a path's (systemd.socket(5)), so each listener has its
 * own. The first one is postern.socket, which is the only one on most hosts.
 */
export function socketUnits({ listeners, runAs }: Config): [name: string, text: string][] {
  return listeners.map((listener, at) => [
    at === 0 ? "postern.socket" : `postern-${escaped(listener.name)}.socket`,
    socketUnit(listener, runAs),
  ]);
}

function socketUnit(listener: ListenerConfig, runAs: Config["runAs"]): string {
  const { name, socket, mode, uid, gid, backlog } = listener;
  const tcp = socket.startsWith("tcp://");
  const access = [
    `SocketMode=${formatMode(mode)}`,
    `SocketUser=${uid ?? runAs?.uid ?? 0}`,
    `SocketGroup=${gid ?? runAs?.gid ?? 0}`,
    "DirectoryMode=0755",
    "RemoveOnStop=yes",
  ];
  return `# Written by \`postern harden\`; \`postern harden revert\` takes it back.
[Unit]
Description=Postern's listener ${name}

[Socket]
# It stays while Postern restarts, so that containers which have it mounted go on working.
ListenStream=${unitPath(socket.replace("tcp://", ""))}
FileDescriptorName=${name}
Service=postern.service
Backlog=${backlog}${(tcp ? [] : access).map((line) => `\n${line}`).join("")}

[Install]
WantedBy=sockets.target
`;
}

/** What a unit's name cannot hold stands as systemd-escape(1) writes it. */
function escaped(name: string): string {
  return name.replaceAll(
    /[^A-Za-z0-9_.:-]/g,
    (one) =>
      [...new TextEncoder().encode(one)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`)
        .join(""),
  );
}
