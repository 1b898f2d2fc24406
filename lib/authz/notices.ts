import { basename, dirname } from "node:path";
import type { AuthzSettings, Config } from "../config/types.ts";
import type { Policy } from "../policy/types.ts";
import { intercepts } from "./seal.ts";

/** Where dockerd looks for sockets by itself (moby pkg/plugins/discovery.go). */
const PLUGINS = "/run/docker/plugins";

/** Where it looks for files that name sockets elsewhere. */
const SPECIFICATIONS = ["/etc/docker/plugins", "/usr/lib/docker/plugins"];

/** A line for the operator's log. */
export interface AuthzNotice {
  readonly level: "info" | "warning";
  readonly text: string;
}

/** `anonymous full, 2 users, default deny`. */
export function describeAuthz({ anonymous, users, defaultPolicy }: AuthzSettings): string {
  const count = `${users.length} ${users.length === 1 ? "user" : "users"}`;
  return `anonymous ${anonymous}, ${count}, default ${defaultPolicy}`;
}

/** What stands now, what to do for the engine to ask, and what will not be as it is at the gate. */
export function authzNotices(
  settings: AuthzSettings,
  config: Config,
): AuthzNotice[] {
  const { socket } = settings;
  const { policies } = config.gate;
  const name = basename(socket).replace(/\.sock$/, "");
  const notices: AuthzNotice[] = [
    {
      level: "info",
      text: `listening on ${socket} (authorization plugin: ${describeAuthz(settings)})`,
    },
    {
      level: "info",
      text:
        `dockerd asks it with "authorization-plugins": ["${name}"] in /etc/docker/daemon.json; ` +
        "from then on it serves nothing while Postern does not run",
    },
  ];
  if (!isFound(socket, name)) {
    const text = `dockerd finds sockets in ${PLUGINS} only: write unix://${socket} into ` +
      `/etc/docker/plugins/${name}.spec`;
    notices.push({ level: "warning", text });
  }
  const named = [
    settings.anonymous,
    settings.defaultPolicy,
    ...settings.users.map(({ policy }) => policy),
  ];
  const used = [...new Set(named)].map((policy) => policies[policy])
    .filter((policy) => policy !== undefined);
  const barred = settings.seal ? sealed(settings, config) : lockedOut(settings, policies);
  return [...notices, ...barred, ...used.flatMap(weaker)];
}

/** Whether dockerd finds a plugin of this name at this socket. */
function isFound(socket: string, name: string): boolean {
  if (dirname(socket) === PLUGINS || dirname(socket) === `/var${PLUGINS}`) return true;
  return SPECIFICATIONS.some((folder) => {
    try {
      return Deno.readTextFileSync(`${folder}/${name}.spec`).trim() === `unix://${socket}`;
    } catch {
      return false;
    }
  });
}

function lockedOut(
  { anonymous, users, defaultPolicy }: AuthzSettings,
  policies: Readonly<Record<string, Policy>>,
): AuthzNotice[] {
  const admits = (name: string) => {
    const policy = policies[name];
    return policy?.mode === "warn" || policy?.verdicts["system.version"]?.allow === true;
  };
  if (admits(anonymous)) return [];
  const others = [...users.map(({ policy }) => policy), defaultPolicy].some(admits);
  const text = others
    ? `authz.anonymous is ${anonymous}: nobody can use the engine's own socket, not even root`
    : `authz locks everybody out: neither its users nor root on the engine's own socket can do ` +
      "anything";
  return [{ level: "warning", text: `${text}; taking the plugin out of daemon.json undoes it` }];
}

/** Whom the seal leaves where. */
function sealed(settings: AuthzSettings, config: Config): AuthzNotice[] {
  const { anonymous, breakGlass, upstream } = settings;
  const sockets = intercepts(config);
  const raw = config.listeners
    .filter((listener) => listener.protocol === "raw" && listener.upstream === upstream);
  return [
    {
      level: "info",
      text: `sealed: what comes around ${sockets.join(", ")} is judged as anonymous, ` +
        `${anonymous}; "touch ${breakGlass}" as root lets everybody in`,
    },
    ...(sockets.length > 0 ? [] : [
      {
        level: "warning",
        text: `no listener leads to ${upstream} through the seal`,
      } as const,
    ]),
    ...raw.map(({ name }): AuthzNotice => ({
      level: "warning",
      text: `listener ${name} is raw: what comes through it has no seal`,
    })),
  ];
}

/** What the gate does with a policy, and a plugin cannot. */
function weaker({ name, limits, verdicts, mode }: Policy): AuthzNotice[] {
  if (mode === "warn") return [];
  const lines = [
    ...(limits === undefined || Object.keys(limits).length === 0
      ? []
      : [`its limits do not count at the engine's plugin`]),
    ...(verdicts["containers.create"]?.constraints?.set === undefined
      ? []
      : [`what it sets must stand in the requests themselves, a plugin cannot fill it in`]),
  ];
  return lines.map((line) => ({ level: "warning", text: `policy ${name}: ${line}` }));
}
