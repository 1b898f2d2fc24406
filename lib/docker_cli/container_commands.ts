import { type Command, type Commands, MANY } from "./command.ts";
import { createBody, createFlags, type Surroundings } from "./container_body.ts";
import type { FlagNames, Flags } from "./flags.ts";
import { splitImage } from "./image_name.ts";
import {
  type CliRequest,
  CommandError,
  filtersOf,
  inPath,
  NEW_CONTAINER,
  NEW_EXEC,
  one,
  request,
} from "./request.ts";
import { given, resourceFlags, resources, restartPolicy } from "./resources.ts";
import { pullRequest } from "./image_commands.ts";
import { time } from "./time.ts";

const CONTAINER = "CONTAINER";
const CONTAINERS = "CONTAINER [CONTAINER...]";

/** The same request for each of the containers that are named. */
function each(
  flagNames: FlagNames,
  make: (path: string, flags: Flags) => CliRequest | readonly CliRequest[],
): Command {
  return {
    ...flagNames,
    usage: CONTAINERS,
    takes: [1, MANY],
    requests: (flags) =>
      flags.arguments.flatMap((name) => make(`/containers/${inPath(name)}`, flags)),
  };
}

export const containerCommands: Commands = {
  "container run": {
    ...createFlags,
    bool: `${createFlags.bool} detach|d`,
    ignoredBool: `${createFlags.ignoredBool} sig-proxy`,
    usage: "IMAGE [COMMAND] [ARG...]",
    takes: [1, MANY],
    requests: run,
  },
  "container create": {
    ...createFlags,
    usage: "IMAGE [COMMAND] [ARG...]",
    takes: [1, MANY],
    requests: (flags, around) => creation(flags, around, false),
  },
  "container exec": {
    endAtArgument: true,
    bool: "detach|d interactive|i tty|t privileged",
    text: "user|u workdir|w detach-keys",
    list: "env|e",
    unsupported: { "env-file": "docker reads the file, and Postern does not know it" },
    usage: "CONTAINER COMMAND [ARG...]",
    takes: [2, MANY],
    requests: exec,
  },
  "container ls": {
    bool: "all|a size|s latest|l",
    text: "last|n",
    list: "filter|f",
    ignoredBool: "quiet|q no-trunc",
    ignoredText: "format",
    usage: "",
    takes: [0, 0],
    requests: (flags) => [request("GET", "/containers/json", {
      all: one(flags.bool("all")),
      filters: filtersOf(flags.list("filter")),
      limit: flags.bool("latest") ? "1" : flags.text("last"),
      size: one(flags.bool("size")),
    })],
  },
  "container rm": each(
    { bool: "force|f volumes|v link|l" },
    (path, flags) =>
      request("DELETE", path, {
        force: one(flags.bool("force")),
        link: one(flags.bool("link")),
        v: one(flags.bool("volumes")),
      }),
  ),
  "container start": each(
    {
      bool: "attach|a interactive|i",
      text: "detach-keys checkpoint checkpoint-dir",
      ignoredBool: "sig-proxy",
    },
    start,
  ),
  "container stop": each(
    { text: "timeout|time|t signal|s" },
    (path, flags) =>
      request("POST", `${path}/stop`, { signal: flags.text("signal"), t: flags.text("timeout") }),
  ),
  "container restart": each(
    { text: "timeout|time|t signal|s" },
    (path, flags) =>
      request("POST", `${path}/restart`, {
        signal: flags.text("signal"),
        t: flags.text("timeout"),
      }),
  ),
  "container kill": each(
    { text: "signal|s" },
    (path, flags) => request("POST", `${path}/kill`, { signal: flags.text("signal") }),
  ),
  "container pause": each({}, (path) => request("POST", `${path}/pause`)),
  "container unpause": each({}, (path) => request("POST", `${path}/unpause`)),
  "container wait": each({}, (path) => request("POST", `${path}/wait`)),
  "container diff": each({}, (path) => request("GET", `${path}/changes`)),
  "container inspect": each(
    { bool: "size|s", ignoredText: "format|f" },
    (path, flags) => request("GET", `${path}/json`, { size: one(flags.bool("size")) }),
  ),
  "container export": {
    ...each({ ignoredText: "output|o" }, (path) => request("GET", `${path}/export`)),
    usage: CONTAINER,
    takes: [1, 1],
  },
  "container update": each(
    { text: resourceFlags.text },
    (path, flags) => {
      const restart = flags.text("restart");
      const policy = restart === undefined ? {} : { RestartPolicy: restartPolicy(restart) };
      return request("POST", `${path}/update`, {}, { ...resources(flags), ...policy });
    },
  ),
  "container rename": {
    usage: "CONTAINER NEW_NAME",
    takes: [2, 2],
    requests: ({ arguments: [from, to] }) => [
      request("POST", `/containers/${inPath(from!)}/rename`, { name: to }),
    ],
  },
  "container logs": {
    bool: "details follow|f timestamps|t",
    text: "tail|n since until",
    usage: CONTAINER,
    takes: [1, 1],
    requests(flags) {
      const path = `/containers/${inPath(flags.arguments[0]!)}`;
      return [
        request("GET", `${path}/json`),
        request("GET", `${path}/logs`, {
          details: one(flags.bool("details")),
          follow: one(flags.bool("follow")),
          since: time(flags.text("since")),
          stderr: "1",
          stdout: "1",
          tail: flags.text("tail") ?? "all",
          timestamps: one(flags.bool("timestamps")),
          until: time(flags.text("until")),
        }),
      ];
    },
  },
  "container attach": {
    bool: "no-stdin",
    text: "detach-keys",
    ignoredBool: "sig-proxy",
    usage: CONTAINER,
    takes: [1, 1],
    requests(flags) {
      const path = `/containers/${inPath(flags.arguments[0]!)}`;
      return [
        request("POST", `${path}/wait`),
        request("GET", `${path}/json`),
        request("POST", `${path}/attach`, {
          detachKeys: flags.text("detach-keys"),
          stderr: "1",
          stdin: one(!flags.bool("no-stdin")),
          stdout: "1",
          stream: "1",
        }),
      ];
    },
  },
  "container top": {
    endAtArgument: true,
    usage: "CONTAINER [PS OPTIONS]",
    takes: [1, MANY],
    requests: ({ arguments: [name, ...args] }) => [
      request("GET", `/containers/${inPath(name!)}/top`, {
        ps_args: args.length === 0 ? undefined : args.join(" "),
      }),
    ],
  },
  "container stats": {
    bool: "no-stream all|a",
    ignoredBool: "no-trunc",
    ignoredText: "format",
    usage: "[CONTAINER...]",
    takes: [0, MANY],
    requests(flags) {
      const stats = (name: string) =>
        request("GET", `/containers/${inPath(name)}/stats`, {
          stream: flags.bool("no-stream") ? "0" : "1",
        });
      if (flags.arguments.length > 0) return flags.arguments.map(stats);
      return [
        request("GET", "/events", { filters: filtersOf(["type=container"]) }),
        request("GET", "/containers/json", { all: one(flags.bool("all")) }),
      ];
    },
    remarks: ["without containers named, docker asks for the stats of each that is listed"],
  },
  "container port": {
    usage: "CONTAINER [PRIVATE_PORT[/PROTO]]",
    takes: [1, 2],
    requests: ({ arguments: [name] }) => [request("GET", `/containers/${inPath(name!)}/json`)],
  },
  "container cp": {
    bool: "archive|a follow-link|L",
    ignoredBool: "quiet|q",
    usage: "CONTAINER:SRC DEST or SRC CONTAINER:DEST",
    takes: [2, 2],
    requests: copy,
  },
  "container commit": {
    bool: "pause|p no-pause",
    text: "author|a message|m",
    list: "change|c",
    usage: "CONTAINER [REPOSITORY[:TAG]]",
    takes: [1, 2],
    requests: commit,
  },
  "container prune": {
    list: "filter",
    ignoredBool: "force|f",
    usage: "",
    takes: [0, 0],
    requests: (flags) => [
      request("POST", "/containers/prune", { filters: filtersOf(flags.list("filter")) }),
    ],
  },
};

function creation(flags: Flags, around: Surroundings, detached: boolean): CliRequest[] {
  const image = flags.arguments[0]!;
  const pull = flags.text("pull") ?? "missing";
  if (!["always", "missing", "never"].includes(pull)) {
    throw new CommandError(`--pull takes always, missing or never, got ${JSON.stringify(pull)}`);
  }
  const create = request(
    "POST",
    "/containers/create",
    { name: flags.text("name"), platform: flags.text("platform") },
    createBody(flags, around, detached),
  );
  if (pull === "never") return [create];
  const pulled = pullRequest(image, flags.text("platform"));
  if (pull === "always") return [pulled, create];
  return [{ ...pulled, only: "the image is not there" }, create];
}

function run(flags: Flags, around: Surroundings): CliRequest[] {
  const detached = flags.bool("detach");
  const path = `/containers/${NEW_CONTAINER}`;
  const requests = creation(flags, around, detached);
  const { AttachStdin, AttachStdout, AttachStderr } = requests.at(-1)!.body!;
  if (!detached) {
    requests.push(request("POST", `${path}/attach`, {
      detachKeys: flags.text("detach-keys"),
      stderr: one(AttachStderr === true),
      stdin: one(AttachStdin === true),
      stdout: one(AttachStdout === true),
      stream: "1",
    }));
  }
  const condition = flags.bool("rm") ? "removed" : "next-exit";
  return [
    ...requests,
    request("POST", `${path}/wait`, { condition }),
    request("POST", `${path}/start`),
  ];
}

function exec(flags: Flags): CliRequest[] {
  const [name, ...command] = flags.arguments as [string, ...string[]];
  const detached = flags.bool("detach");
  const path = `/containers/${inPath(name)}`;
  const body = given({
    User: flags.text("user"),
    Privileged: flags.bool("privileged"),
    Tty: flags.bool("tty"),
    AttachStdin: !detached && flags.bool("interactive"),
    AttachStderr: !detached,
    AttachStdout: !detached,
    Detach: detached,
    DetachKeys: flags.text("detach-keys"),
    Env: flags.list("env"),
    WorkingDir: flags.text("workdir"),
    Cmd: command,
  });
  const tty = given({ Detach: detached, Tty: flags.bool("tty") });
  return [
    request("GET", `${path}/json`),
    request("POST", `${path}/exec`, {}, body),
    request("POST", `/exec/${NEW_EXEC}/start`, {}, tty),
    ...(detached ? [] : [request("GET", `/exec/${NEW_EXEC}/json`)]),
  ];
}

function start(path: string, flags: Flags): CliRequest[] {
  const starting = request("POST", `${path}/start`, {
    checkpoint: flags.text("checkpoint"),
    "checkpoint-dir": flags.text("checkpoint-dir"),
  });
  if (!flags.bool("attach") && !flags.bool("interactive")) return [starting];
  return [
    request("GET", `${path}/json`),
    request("POST", `${path}/attach`, {
      detachKeys: flags.text("detach-keys"),
      stderr: "1",
      stdin: one(flags.bool("interactive")),
      stdout: "1",
      stream: "1",
    }),
    request("POST", `${path}/wait`, { condition: "next-exit" }),
    starting,
  ];
}

function copy({ arguments: [from, to] }: Flags): CliRequest[] {
  const source = inContainer(from!);
  const destination = inContainer(to!);
  if (source !== undefined && destination === undefined) {
    return [request("GET", `${source.path}/archive`, { path: source.place })];
  }
  if (source !== undefined || destination === undefined) {
    throw new CommandError(
      "docker cp copies between a container and this machine: CONTAINER:PATH PATH",
    );
  }
  return [
    request("HEAD", `${destination.path}/archive`, { path: destination.place }),
    {
      ...request("PUT", `${destination.path}/archive`, {
        noOverwriteDirNonDir: "true",
        path: destination.place,
      }),
      contentType: "application/x-tar",
    },
  ];
}

/** `CONTAINER:PATH`; a path with a slash before the colon, and `-`, are on this machine. */
function inContainer(text: string): { path: string; place: string } | undefined {
  const colon = text.indexOf(":");
  if (text.startsWith("/") || text.startsWith(".") || colon < 1) return undefined;
  return { path: `/containers/${inPath(text.slice(0, colon))}`, place: text.slice(colon + 1) };
}

function commit(flags: Flags): CliRequest[] {
  const [container, image] = flags.arguments as [string, string?];
  const { repository, tag } = image === undefined ? { repository: "", tag: "" } : splitImage(image);
  const running = flags.bool("no-pause") || (flags.has("pause") && !flags.bool("pause"));
  return [request("POST", "/commit", {
    author: flags.text("author") ?? "",
    changes: flags.list("change"),
    comment: flags.text("message") ?? "",
    container,
    pause: running ? "0" : undefined,
    repo: repository,
    tag,
  })];
}
