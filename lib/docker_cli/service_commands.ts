import { type Command, type Commands, listing, MANY } from "./command.ts";
import { capability, type Surroundings } from "./container_body.ts";
import type { FlagNames, Flags } from "./flags.ts";
import { splitImage } from "./image_name.ts";
import { mount } from "./mounts.ts";
import { portBindings } from "./ports.ts";
import { type CliRequest, CommandError, inPath, mapOf, one, request } from "./request.ts";
import { given, ulimits } from "./resources.ts";
import { bytes, integer, nanoCpus } from "./units.ts";

function each(
  usage: string,
  names: FlagNames,
  make: (name: string, flags: Flags) => CliRequest,
): Command {
  return {
    ...names,
    usage: `${usage} [${usage}...]`,
    takes: [1, MANY],
    requests: (flags) => flags.arguments.map((name) => make(inPath(name), flags)),
  };
}

export const serviceCommands: Commands = {
  "service create": {
    endAtArgument: true,
    bool: "tty|t init read-only no-resolve-image",
    text:
      "name replicas mode user|u workdir|w hostname stop-signal limit-cpu limit-memory limit-pids " +
      "entrypoint restart-condition",
    list:
      "mount cap-add cap-drop env|e label|l container-label network publish|p constraint sysctl host " +
      "dns dns-search dns-option group ulimit",
    ignoredBool: "detach|d quiet|q with-registry-auth",
    unsupported: {
      "env-file": "docker reads the file, and Postern does not know it",
      secret: "docker asks the engine for its id first",
      config: "docker asks the engine for its id first",
    },
    usage: "IMAGE [COMMAND] [ARG...]",
    takes: [1, MANY],
    requests: create,
  },
  "service ls": listing("/services", { status: "true" }),
  "service inspect": each(
    "SERVICE",
    { ignoredBool: "pretty", ignoredText: "format|f" },
    (name) => request("GET", `/services/${name}`, { insertDefaults: "true" }),
  ),
  "service rm": each("SERVICE", {}, (name) => request("DELETE", `/services/${name}`)),
  "swarm leave": {
    bool: "force|f",
    usage: "",
    takes: [0, 0],
    requests: (flags) => [request("POST", "/swarm/leave", { force: one(flags.bool("force")) })],
  },
  "node ls": listing("/nodes"),
  "secret ls": listing("/secrets"),
  "config ls": listing("/configs"),
  "plugin ls": listing("/plugins"),
  "plugin enable": each(
    "PLUGIN",
    { text: "timeout" },
    (name, flags) =>
      request("POST", `/plugins/${name}/enable`, { timeout: flags.text("timeout") ?? "30" }),
  ),
  "plugin disable": each(
    "PLUGIN",
    { bool: "force|f" },
    (name, flags) =>
      request("POST", `/plugins/${name}/disable`, { force: one(flags.bool("force")) }),
  ),
  "plugin rm": each(
    "PLUGIN",
    { bool: "force|f" },
    (name, flags) => request("DELETE", `/plugins/${name}`, { force: one(flags.bool("force")) }),
  ),
};

function create(flags: Flags, { cwd }: Surroundings): CliRequest[] {
  const [image, ...command] = flags.arguments as [string, ...string[]];
  const { repository, tag, digest } = splitImage(image);
  const whole = tag === "" && digest === "" ? `${repository}:latest` : image;
  const networks = flags.list("network");
  const entrypoint = flags.text("entrypoint");
  const spec = given({
    Image: whole,
    Labels: mapOf(flags.list("container-label")),
    Command: entrypoint === undefined ? undefined : entrypoint.split(" "),
    Args: command,
    Hostname: flags.text("hostname"),
    Env: flags.list("env"),
    Dir: flags.text("workdir"),
    User: flags.text("user"),
    Groups: flags.list("group"),
    TTY: flags.bool("tty"),
    StopSignal: flags.text("stop-signal"),
    Init: flags.bool("init"),
    ReadOnly: flags.bool("read-only"),
    Mounts: flags.list("mount").map((flag) => mount(flag, cwd)),
    Hosts: flags.list("host"),
    DNSConfig: given({
      Nameservers: flags.list("dns"),
      Search: flags.list("dns-search"),
      Options: flags.list("dns-option"),
    }),
    Sysctls: mapOf(flags.list("sysctl")),
    CapabilityAdd: flags.list("cap-add").map(capability),
    CapabilityDrop: flags.list("cap-drop").map(capability),
    Ulimits: ulimits(flags.list("ulimit")),
  });
  const body = given({
    Name: flags.text("name"),
    Labels: mapOf(flags.list("label")),
    TaskTemplate: given({
      ContainerSpec: spec,
      Resources: given({
        Limits: given({
          NanoCPUs: nanoCpus("--limit-cpu", flags.text("limit-cpu")),
          MemoryBytes: bytes("--limit-memory", flags.text("limit-memory")),
          Pids: integer("--limit-pids", flags.text("limit-pids")),
        }),
      }),
      RestartPolicy: given({ Condition: flags.text("restart-condition") }),
      Placement: given({ Constraints: flags.list("constraint") }),
      Networks: networks.map((Target) => ({ Target })),
    }),
    Mode: mode(flags),
    EndpointSpec: { Mode: "vip", ...given({ Ports: published(flags.list("publish")) }) },
  });
  return [
    ...networks.map((name) => request("GET", `/networks/${inPath(name)}`, { scope: "swarm" })),
    ...(flags.bool("no-resolve-image")
      ? []
      : [request("GET", `/distribution/${inPath(whole)}/json`)]),
    request("POST", "/services/create", {}, body),
  ];
}

function mode(flags: Flags): Record<string, unknown> {
  const kind = flags.text("mode") ?? "replicated";
  if (kind === "global") return { Global: {} };
  if (kind !== "replicated") throw new CommandError("--mode is replicated or global here");
  return given({
    Replicated: given({ Replicas: integer("--replicas", flags.text("replicas")) }),
  });
}

function published(flags: readonly string[]) {
  return Object.entries(portBindings(flags)).flatMap(([port, bindings]) => {
    const [target, protocol] = port.split("/");
    return bindings.map(({ HostPort }) =>
      given({
        Protocol: protocol,
        TargetPort: Number(target),
        PublishedPort: HostPort === undefined ? undefined : Number(HostPort),
        PublishMode: "ingress",
      })
    );
  });
}
