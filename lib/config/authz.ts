import { type GateParts, requirePolicy } from "./gate.ts";
import type { ClientScope } from "./clients.ts";
import { got } from "./got.ts";
import { type AuthzSettings, DEFAULT_BREAK_GLASS, DEFAULT_PLUGIN_SOCKET } from "./types.ts";
import { parseSocketPath } from "./values.ts";

const KEY = "authz";

/** Whom the engine's authorization plugin gives which policy; undefined where nothing is written. */
export function resolveAuthz(
  parts: GateParts,
  upstream: string,
  scope: ClientScope,
): AuthzSettings | undefined {
  const { yaml, data: { authz } } = parts;
  if (authz === undefined) return undefined;
  requirePolicy(parts, authz.anonymous, [KEY, "anonymous"], scope);
  requirePolicy(parts, authz.default, [KEY, "default"], scope);
  const users = Object.entries(authz.users ?? {}).flatMap(([name, policy]) => {
    const path = [KEY, "users", name];
    // zod leaves what stands at __proto__ unchecked.
    if (policy !== undefined && typeof policy !== "string") {
      const message = `${name} must be the name of a policy: ${got(policy)}`;
      scope.report(yaml.atValue("wrong-value", path, message));
      return [];
    }
    requirePolicy(parts, policy, path, scope);
    return policy === undefined ? [] : [{ name, policy, origin: yaml.origin(path) }];
  });
  const socket = parseSocketPath(authz.socket ?? DEFAULT_PLUGIN_SOCKET);
  if ("problem" in socket) {
    const message = `socket ${socket.problem}`;
    scope.report(yaml.atValue("bad-path", [KEY, "socket"], message, socket.hint));
  }
  const breakGlass = authz.break_glass ?? DEFAULT_BREAK_GLASS;
  if (!breakGlass.startsWith("/") || breakGlass.includes("\0")) {
    const message = `break_glass must be an absolute path: ${got(breakGlass)}`;
    scope.report(yaml.atValue("bad-path", [KEY, "break_glass"], message));
  }
  return {
    socket: "value" in socket ? socket.value : DEFAULT_PLUGIN_SOCKET,
    anonymous: authz.anonymous ?? "deny",
    users,
    defaultPolicy: authz.default ?? "deny",
    upstream,
    seal: authz.seal ?? false,
    breakGlass,
  };
}
