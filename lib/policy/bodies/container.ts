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

export const commit = struct(config);

/** HostConfig's fields and one more, by which engines up to 26 read a HostConfig at the top level (runconfig ContainerConfigWrapper). */
const misplaced = new Map(
  Object.keys(hostConfigFields).map((name) => [fold(name), `HostConfig.${name}`] as const),
).set("cpuset", "HostConfig.CpusetCpus");

export const create = struct({
  ...config,
  HostConfig: hostConfig,
  NetworkingConfig: networkingConfig,
  // dockerode repeats the query in the body.
  name: string,
  platform: string,
}, misplaced);

export const update = struct({ ...resources, RestartPolicy: restartPolicy });

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
  // docker-py sends these two.
  Container: string,
  detachKeys: string,
});

export const execStart = struct({
  Detach: bool,
  Tty: bool,
  ConsoleSize: since(42, list(int)),
});
