import { podmanRows } from "./podman.ts";
import { R, type Route, type Row, row, S, variant, W } from "./row.ts";
import type { Operation } from "./types.ts";

/**
 * Every operation of the engine's API from 1.24 to 1.56 (moby's swagger and routers), the routes outside it as well. Not
 * here, and so denied: routes that exist below 1.24 only (`POST /containers/{id}/copy`, start with a HostConfig), and gRPC by
 * HTTP/2 with prior knowledge, which is refused as HTTP. Podman's own routes follow at the end.
 */
const rows: readonly Row[] = [
  // name, effect, routes, flags: h hijacks, s streams
  row("containers.list", R, ["GET /containers/json"]),
  row("containers.create", W, ["POST /containers/create"]),
  row("containers.inspect", S, ["GET /containers/{id}/json"]),
  row("containers.top", S, ["GET /containers/{id}/top"]),
  row("containers.logs", S, ["GET /containers/{id}/logs"], "s"),
  row("containers.changes", S, ["GET /containers/{id}/changes"]),
  row("containers.export", S, ["GET /containers/{id}/export"], "s"),
  row("containers.stats", R, ["GET /containers/{id}/stats"], "s"),
  row("containers.resize", W, ["POST /containers/{id}/resize"]),
  row("containers.start", W, ["POST /containers/{id}/start"]),
  row("containers.stop", W, ["POST /containers/{id}/stop"]),
  row("containers.restart", W, ["POST /containers/{id}/restart"]),
  row("containers.kill", W, ["POST /containers/{id}/kill"]),
  row("containers.update", W, ["POST /containers/{id}/update"]),
  row("containers.rename", W, ["POST /containers/{id}/rename"]),
  row("containers.pause", W, ["POST /containers/{id}/pause"]),
  row("containers.unpause", W, ["POST /containers/{id}/unpause"]),
  row("containers.attach", W, ["POST /containers/{id}/attach"], "hs"),
  row("containers.attach-websocket", W, ["GET /containers/{id}/attach/ws"], "hs"),
  row("containers.wait", R, ["POST /containers/{id}/wait"], "s"),
  row("containers.remove", W, ["DELETE /containers/{id}"]),
  row("containers.archive-stat", S, ["HEAD /containers/{id}/archive"]),
  row("containers.archive-read", S, ["GET /containers/{id}/archive"], "s"),
  row("containers.archive-write", W, ["PUT /containers/{id}/archive"]),
  row("containers.prune", W, ["POST /containers/prune"]),
  row("containers.exec", W, ["POST /containers/{id}/exec"]),
  row("containers.commit", W, ["POST /commit"]),
  variant("containers.list-size", "containers.list"),
  variant("containers.inspect-size", "containers.inspect"),
  variant("containers.top-args", "containers.top"),
  row("exec.start", W, ["POST /exec/{id}/start"], "hs"),
  row("exec.resize", W, ["POST /exec/{id}/resize"]),
  row("exec.inspect", S, ["GET /exec/{id}/json"]),
  row("checkpoints.list", S, ["GET /containers/{id}/checkpoints"]),
  row("checkpoints.create", W, ["POST /containers/{id}/checkpoints"]),
  row("checkpoints.remove", W, ["DELETE /containers/{id}/checkpoints/{checkpoint}"]),
  row("images.list", R, ["GET /images/json"]),
  variant("images.list-size", "images.list"),
  row("images.build", W, ["POST /build"], "s"),
  row("images.pull", W, ["POST /images/create"], "s"),
  // POST /images/create as well: classify tells them apart by fromImage.
  row("images.import", W, [], "s"),
  row("images.inspect", S, ["GET /images/{name…}/json"]),
  row("images.history", S, ["GET /images/{name…}/history"]),
  row("images.attestations", R, ["GET /images/{name…}/attestations"]),
  row("images.push", W, ["POST /images/{name…}/push"], "s"),
  row("images.tag", W, ["POST /images/{name…}/tag"]),
  row("images.remove", W, ["DELETE /images/{name…}"]),
  row("images.search", S, ["GET /images/search"]),
  row("images.prune", W, ["POST /images/prune"]),
  row("images.save", S, ["GET /images/get", "GET /images/{name…}/get"], "s"),
  row("images.load", W, ["POST /images/load"], "s"),
  row("builder.prune", W, ["POST /build/prune"]),
  row("builder.cancel", W, ["POST /build/cancel"]),
  row("builder.session", W, ["POST /session"], "hs"),
  row("builder.grpc", W, ["POST /grpc"], "hs"),
  row("system.ping", R, ["GET /_ping", "HEAD /_ping"]),
  row("system.version", R, ["GET /version"]),
  row("system.info", S, ["GET /info"]),
  row("system.events", S, ["GET /events"], "s"),
  row("system.df", R, ["GET /system/df"]),
  row("system.auth", W, ["POST /auth"]),
  // Any path: classify knows it by its method.
  row("system.options", R, []),
  row("volumes.list", R, ["GET /volumes"]),
  row("volumes.create", W, ["POST /volumes/create"]),
  row("volumes.inspect", R, ["GET /volumes/{name…}"]),
  row("volumes.remove", W, ["DELETE /volumes/{name…}"]),
  row("volumes.prune", W, ["POST /volumes/prune"]),
  row("volumes.update", W, ["PUT /volumes/{name…}"]),
  row("networks.list", R, ["GET /networks", "GET /networks/"]),
  row("networks.inspect", R, ["GET /networks/{id}"]),
  row("networks.remove", W, ["DELETE /networks/{id}"]),
  row("networks.create", W, ["POST /networks/create"]),
  row("networks.connect", W, ["POST /networks/{id}/connect"]),
  row("networks.disconnect", W, ["POST /networks/{id}/disconnect"]),
  row("networks.prune", W, ["POST /networks/prune"]),
  row("plugins.list", S, ["GET /plugins"]),
  row("plugins.privileges", S, ["GET /plugins/privileges"]),
  row("plugins.pull", W, ["POST /plugins/pull"], "s"),
  row("plugins.create", W, ["POST /plugins/create"]),
  row("plugins.inspect", S, ["GET /plugins/{name…}/json"]),
  row("plugins.remove", W, ["DELETE /plugins/{name…}"]),
  row("plugins.enable", W, ["POST /plugins/{name…}/enable"]),
  row("plugins.disable", W, ["POST /plugins/{name…}/disable"]),
  row("plugins.push", W, ["POST /plugins/{name…}/push"], "s"),
  row("plugins.set", W, ["POST /plugins/{name…}/set"]),
  row("plugins.upgrade", W, ["POST /plugins/{name…}/upgrade"], "s"),
  row("nodes.list", R, ["GET /nodes"]),
  row("nodes.inspect", R, ["GET /nodes/{id}"]),
  row("nodes.remove", W, ["DELETE /nodes/{id}"]),
  row("nodes.update", W, ["POST /nodes/{id}/update"]),
  row("swarm.inspect", S, ["GET /swarm"]),
  row("swarm.init", W, ["POST /swarm/init"]),
  row("swarm.join", W, ["POST /swarm/join"]),
  row("swarm.leave", W, ["POST /swarm/leave"]),
  row("swarm.update", W, ["POST /swarm/update"]),
  row("swarm.unlock-key", S, ["GET /swarm/unlockkey"]),
  row("swarm.unlock", W, ["POST /swarm/unlock"]),
  row("services.list", S, ["GET /services"]),
  row("services.create", W, ["POST /services/create"]),
  row("services.inspect", S, ["GET /services/{id}"]),
  row("services.remove", W, ["DELETE /services/{id}"]),
  row("services.update", W, ["POST /services/{id}/update"]),
  row("services.logs", S, ["GET /services/{id}/logs"], "s"),
  row("tasks.list", S, ["GET /tasks"]),
  row("tasks.inspect", S, ["GET /tasks/{id}"]),
  row("tasks.logs", S, ["GET /tasks/{id}/logs"], "s"),
  row("secrets.list", S, ["GET /secrets"]),
  row("secrets.create", W, ["POST /secrets/create"]),
  row("secrets.inspect", S, ["GET /secrets/{id}"]),
  // Podman under Docker's path: showsecret=true answers the secret itself.
  variant("secrets.inspect-data", "secrets.inspect"),
  row("secrets.remove", W, ["DELETE /secrets/{id}"]),
  row("secrets.update", W, ["POST /secrets/{id}/update"]),
  row("configs.list", S, ["GET /configs"]),
  row("configs.create", W, ["POST /configs/create"]),
  row("configs.inspect", S, ["GET /configs/{id}"]),
  row("configs.remove", W, ["DELETE /configs/{id}"]),
  row("configs.update", W, ["POST /configs/{id}/update"]),
  row("distribution.inspect", S, ["GET /distribution/{name…}/json"]),
  row("debug.vars", S, ["GET /debug/vars"]),
  row("debug.pprof", S, ["GET /debug/pprof/", "GET /debug/pprof/{name}"], "s"),
  // Not HTTP: connecting to a listener with `protocol: raw`.
  row("raw.connect", W, [], "s"),
  ...podmanRows,
];

/** All operations in the order of the table. */
export const operations: readonly Operation[] = rows;

/** Every route, with the operation it calls. */
export const routes: readonly (Route & { readonly operation: Operation })[] = rows.flatMap((r) =>
  r.routes.map((route) => ({ ...route, operation: r }))
);

const byName = new Map(rows.map((r) => [r.name, r]));

/** An operation by its name. */
export function operationNamed(name: string): Operation | undefined {
  return byName.get(name);
}

/** The groups, as `containers`, in the order of the table. */
export const groups: readonly string[] = [...new Set(rows.map((r) => r.name.split(".")[0]!))];
