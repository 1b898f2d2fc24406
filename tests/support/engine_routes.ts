import routes from "../unit/policy/engine_routes.json" with { type: "json" };

/** A row of the list of the engine's routes; the operation as its swagger names it. */
export type Row = [
  method: string,
  path: string,
  operationId: string,
  hijack: boolean,
  effect: string,
];
export const engineRoutes = routes as Row[];

/** Where our names are not the swagger's tag and verb, so that the table can be read beside the engine's. */
const renamed: Readonly<Record<string, string>> = {
  ImageBuild: "images.build",
  ImageCreate: "images.import",
  ImageCommit: "containers.commit",
  ImageGet: "images.save",
  ImageGetAll: "images.save",
  BuildPrune: "builder.prune",
  BuildCancel: "builder.cancel",
  Session: "builder.session",
  Grpc: "builder.grpc",
  ContainerExec: "containers.exec",
  ContainerArchiveInfo: "containers.archive-stat",
  ContainerArchive: "containers.archive-read",
  PutContainerArchive: "containers.archive-write",
  ContainerAttachWebsocket: "containers.attach-websocket",
  GetPluginPrivileges: "plugins.privileges",
  SystemPingHead: "system.ping",
  SystemDataUsage: "system.df",
  SwarmUnlockkey: "swarm.unlock-key",
  OptionsAny: "system.options",
  NetworkListSlash: "networks.list",
  NetworkInspectAny: "networks.inspect",
  CheckpointList: "checkpoints.list",
  CheckpointCreate: "checkpoints.create",
  CheckpointDelete: "checkpoints.remove",
  DebugVars: "debug.vars",
};

/** Our name for an operation of the engine's list. */
export function expectedName(operationId: string): string {
  const own = renamed[operationId];
  if (own !== undefined) return own;
  if (operationId.startsWith("DebugPprof")) return "debug.pprof";
  const [, group, verb] = /^([A-Z][a-z]+)([A-Z].*)$/.exec(operationId)!;
  const plural = /^(System|Swarm|Exec|Distribution)$/.test(group!) ? group! : `${group}s`;
  return `${plural}.${verb}`.toLowerCase().replace("delete", "remove");
}
