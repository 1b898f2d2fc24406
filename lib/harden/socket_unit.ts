import { formatMode } from "../config/mode.ts";
import type { Config, ListenerConfig } from "../config/types.ts";
import { unitPath } from "./units.ts";

/**
 * The units of the listeners, by name: mode and owner are a unit's and not a path's (systemd.socket(5)), so each listener has its
 * own. The first one is postern.socket, which is the only one on most hosts. A listener's name is one for a unit, too.
 */
export function socketUnits(config: Config): [name: string, text: string][] {
  return config.listeners.map((listener, at) => [
    at === 0 ? "postern.socket" : `postern-${listener.name}.socket`,
    socketUnit(listener, config),
  ]);
}

/** Whose a listener's socket is: who the gate starts as, unless the listener says otherwise. */
export function ownerOf({ uid, gid }: ListenerConfig, { runAs }: Pick<Config, "runAs">) {
  return { uid: uid ?? runAs?.uid ?? 0, gid: gid ?? runAs?.gid ?? 0 };
}

function socketUnit(listener: ListenerConfig, config: Config): string {
  const { name, socket, mode, backlog } = listener;
  const { uid, gid } = ownerOf(listener, config);
  const tcp = socket.startsWith("tcp://");
  const access = [
    `SocketMode=${formatMode(mode)}`,
    `SocketUser=${uid}`,
    `SocketGroup=${gid}`,
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
