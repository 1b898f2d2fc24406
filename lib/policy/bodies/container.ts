import { hostConfig, hostConfigFields } from "./host_config.ts";
import { networkingConfig } from "./network.ts";
import { resources, restartPolicy } from "./resources.ts";
import {
  any,
  bool,
  type Fields,
  fold,
  int,
  list,
  set,
  since,
  string,
  stringMap,
  stringOrList,
  strings,
  struct,
} from "./shape.ts";

export const healthcheck = struct({
  Test: strings,
  Interval: int,
  Timeout: int,
  Retries: int,
  StartPeriod: since(29, int),
  StartInterval: since(44, int),
});

/** moby container.Config of every API version. */
const config: Fields = {
  Hostname: string,
  Domainname: string,
  User: string,
  AttachStdin: bool,
  AttachStdout: bool,
  AttachStderr: bool,
  ExposedPorts: set,
  Tty: bool,
  OpenStdin: bool,
  StdinOnce: bool,
  Env: strings,
  Cmd: stringOrList,
  Healthcheck: healthcheck,
  ArgsEscaped: bool,
  Image: string,
  Volumes: set,
  WorkingDir: string,
  Entrypoint: stringOrList,
  NetworkDisabled: bool,
  MacAddress: string,
  OnBuild: strings,
  Labels: stringMap,
  StopSignal: string,
  StopTimeout: since(25, int),
  Shell: since(25, stringOrList),
  // docker-java sends it; no engine since 1.0 reads it.
  PortSpecs: any,
};

/** HostConfig's fields and one more, by which engines up to 26 read a HostConfig at the top level (runconfig ContainerConfigWrapper). */
const misplaced = new Map(
  Object.keys(hostConfigFields).map((name) => [fold(name), `HostConfig.${name}`] as const),
).set("cpuset", "HostConfig.CpusetCpus");

export const create = struct({
  ...config,
  HostConfig: hostConfig,
  NetworkingConfig: networkingConfig,
  // dockerode and docker-java repeat the query in the body; no engine reads these.
  name: any,
  platform: any,
  authConfig: any,
}, misplaced);

export const commit = struct({
  ...config,
  // The same two, which name the query's parameters in their own ways.
  container: any,
  containerId: any,
  repo: any,
  repository: any,
  tag: any,
  comment: any,
  message: any,
  author: any,
  pause: any,
  changes: any,
  DisableNetwork: any,
  Memory: any,
  MemorySwap: any,
});

export const update = struct({
  ...resources,
  RestartPolicy: restartPolicy,
  // docker-java sends it; an update cannot change it.
  Init: any,
});

export const exec = struct({
  User: string,
  Privileged: bool,
  Tty: bool,
  ConsoleSize: since(42, list(int)),
  AttachStdin: bool,
  AttachStderr: bool,
  AttachStdout: bool,
  Detach: bool,
  DetachKeys: string,
  Env: since(25, strings),
  WorkingDir: since(35, string),
  Cmd: strings,
  // docker-py's spelling, and what it and docker-java add.
  detachKeys: string,
  Container: any,
  containerId: any,
});
