import { healthcheck } from "./container.ts";
import { mounts } from "./mount.ts";
import { ulimits } from "./resources.ts";
import {
  any,
  bool,
  type Fields,
  float,
  int,
  list,
  map,
  since,
  string,
  stringMap,
  strings,
  struct,
} from "./shape.ts";

const driver = struct({ Name: string, Options: stringMap });

const file = struct({ Name: string, UID: string, GID: string, Mode: int });

/** moby swarm.ContainerSpec: what a container of a service is made from. */
const containerSpec = struct({
  Image: string,
  Labels: stringMap,
  Command: strings,
  Args: strings,
  Hostname: since(27, string),
  Env: strings,
  Dir: string,
  User: string,
  Groups: since(27, strings),
  Privileges: since(
    30,
    struct({
      CredentialSpec: struct({ Config: since(40, string), File: string, Registry: string }),
      SELinuxContext: struct({
        Disable: bool,
        User: string,
        Role: string,
        Type: string,
        Level: string,
      }),
      Seccomp: since(44, struct({ Mode: string, Profile: string })),
      AppArmor: since(44, struct({ Mode: string })),
      NoNewPrivileges: since(44, bool),
    }),
  ),
  Init: since(37, bool),
  StopSignal: since(28, string),
  TTY: since(25, bool),
  OpenStdin: since(27, bool),
  ReadOnly: since(27, bool),
  Mounts: mounts,
  StopGracePeriod: int,
  Healthcheck: since(25, healthcheck),
  // The documentation's spelling.
  HealthCheck: since(27, healthcheck),
  Hosts: since(27, strings),
  DNSConfig: since(25, struct({ Nameservers: strings, Search: strings, Options: strings })),
  Secrets: since(27, list(struct({ File: file, SecretID: string, SecretName: string }))),
  Configs: since(
    30,
    list(
      struct({ File: file, Runtime: since(40, map(any)), ConfigID: string, ConfigName: string }),
    ),
  ),
  Isolation: since(35, string),
  Sysctls: since(40, stringMap),
  CapabilityAdd: since(41, strings),
  CapabilityDrop: since(41, strings),
  Ulimits: since(41, ulimits),
  OomScoreAdj: since(46, int),
});

/** moby swarm.RuntimeSpec, a plugin that is run as a service; its fields are lower case. */
const pluginSpec = struct({
  name: string,
  remote: string,
  privileges: list(struct({ name: string, description: string, value: strings })),
  disabled: bool,
  env: strings,
});

const quantities = struct({
  NanoCPUs: int,
  MemoryBytes: int,
  Pids: since(41, int),
  GenericResources: since(
    32,
    list(struct({
      NamedResourceSpec: struct({ Kind: string, Value: string }),
      DiscreteResourceSpec: struct({ Kind: string, Value: int }),
    })),
  ),
});

const attachments = list(
  struct({ Target: string, Aliases: strings, DriverOpts: since(39, stringMap) }),
);

const taskTemplate = struct({
  ContainerSpec: containerSpec,
  PluginSpec: since(31, pluginSpec),
  NetworkAttachmentSpec: since(38, struct({ ContainerID: string })),
  Resources: struct({
    Limits: quantities,
    Reservations: quantities,
    SwapBytes: since(52, int),
    MemorySwappiness: since(52, int),
  }),
  RestartPolicy: struct({ Condition: string, Delay: int, MaxAttempts: int, Window: int }),
  Placement: struct({
    Constraints: strings,
    Preferences: since(28, list(struct({ Spread: struct({ SpreadDescriptor: string }) }))),
    MaxReplicas: since(40, int),
    Platforms: since(30, list(struct({ Architecture: string, OS: string }))),
  }),
  Networks: attachments,
  LogDriver: driver,
  ForceUpdate: since(25, int),
  Runtime: since(30, string),
});

const replicated = struct({ Replicas: int });

const updateConfig = struct({
  Parallelism: int,
  Delay: int,
  FailureAction: string,
  Monitor: since(25, int),
  MaxFailureRatio: since(25, float),
  Order: since(29, string),
});

const service: Fields = {
  Name: string,
  Labels: stringMap,
  TaskTemplate: taskTemplate,
  Mode: struct({
    Replicated: replicated,
    Global: map(any),
    ReplicatedJob: since(41, struct({ MaxConcurrent: int, TotalCompletions: int })),
    GlobalJob: since(41, map(any)),
    // docker-py's spelling.
    replicated,
    global: map(any),
  }),
  UpdateConfig: updateConfig,
  RollbackConfig: since(28, updateConfig),
  Networks: attachments,
  EndpointSpec: struct({
    Mode: string,
    Ports: list(struct({
      Name: string,
      Protocol: string,
      TargetPort: int,
      PublishedPort: int,
      PublishMode: since(32, string),
    })),
  }),
};

export const serviceCreate = struct(service);

export const serviceUpdate = struct({
  ...service,
  // dockerode repeats the query in the body; no engine reads these.
  version: any,
  registryAuthFrom: any,
  rollback: any,
});
