import { checkArguments, type Commands, unknownCommand } from "./command.ts";
import type { Surroundings } from "./container_body.ts";
import { containerCommands } from "./container_commands.ts";
import { parseFlags } from "./flags.ts";
import { imageCommands } from "./image_commands.ts";
import { networkCommands } from "./network_commands.ts";
import { type CliRequests, CommandError } from "./request.ts";
import { serviceCommands } from "./service_commands.ts";
import { systemCommands } from "./system_commands.ts";
import { volumeCommands } from "./volume_commands.ts";

const commands: Commands = {
  ...containerCommands,
  ...imageCommands,
  ...volumeCommands,
  ...networkCommands,
  ...serviceCommands,
  ...systemCommands,
};

/** The short spellings, and others that docker takes. */
const aliases: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...[
        "run",
        "create",
        "exec",
        "rm",
        "start",
        "stop",
        "restart",
        "kill",
        "pause",
        "unpause",
        "wait",
      ],
      ...[
        "diff",
        "export",
        "update",
        "rename",
        "logs",
        "attach",
        "top",
        "stats",
        "port",
        "cp",
        "commit",
      ],
    ].map((verb) => [verb, `container ${verb}`]),
  ),
  ...Object.fromEntries(
    ["pull", "push", "tag", "history", "save", "load", "import", "build", "search"]
      .map((verb) => [verb, `image ${verb}`]),
  ),
  ps: "container ls",
  "container ps": "container ls",
  "container list": "container ls",
  "container remove": "container rm",
  images: "image ls",
  "image list": "image ls",
  rmi: "image rm",
  "image remove": "image rm",
  "builder build": "image build",
  "volume list": "volume ls",
  "volume remove": "volume rm",
  "network list": "network ls",
  "network remove": "network rm",
  "service list": "service ls",
  "service remove": "service rm",
  "plugin remove": "plugin rm",
  info: "system info",
  events: "system events",
};

/** docker's own flags, before the command: none of them changes what is asked, only whom. */
const globalFlags = {
  endAtArgument: true,
  ignoredBool: "debug|D tls tlsverify",
  ignoredText: "host|H context|c config log-level|l tlscacert tlscert tlskey",
};

/**
 * The requests that a docker command line would make, in order; `HEAD /_ping`, by which docker learns the engine's API version, is left
 * out. Checked against what docker 20.10.24 and 28.2.2 send (tests/golden/docker_cli). Throws a CommandError.
 */
export function requestsOf(words: readonly string[], around: Surroundings): CliRequests {
  const line = words[0] === "docker" ? words.slice(1) : words;
  const { arguments: [first, ...rest] } = parseFlags("", globalFlags, line);
  if (first === undefined) throw new CommandError("docker is given no command");
  const pair = `${first} ${rest[0]}`;
  const whole = resolve(pair);
  const [name, args] = whole === undefined ? [resolve(first), rest] : [whole, rest.slice(1)];
  if (name === undefined) {
    const group = Object.keys(commands).some((known) => known.startsWith(`${first} `));
    const known = [...Object.keys(commands), ...Object.keys(aliases)];
    throw unknownCommand(group && rest[0] !== undefined ? pair : first, known);
  }
  const command = commands[name]!;
  const flags = parseFlags(name, command, args);
  checkArguments(name, command, flags);
  return { requests: command.requests(flags, around), remarks: command.remarks ?? [] };
}

function resolve(name: string): string | undefined {
  if (Object.hasOwn(commands, name)) return name;
  return Object.hasOwn(aliases, name) ? aliases[name] : undefined;
}
