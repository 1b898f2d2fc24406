import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { withoutZeros } from "./zero_values.ts";

/** A request that a docker client made. */
interface Recorded {
  readonly method: string;
  readonly target: string;
  /** JSON without zero values; absent when there was none, or something else. */
  readonly body?: unknown;
}

/** A line of the golden file. */
interface Line {
  readonly command: string;
  readonly requests: readonly Recorded[];
  /** Why the client sent nothing. */
  readonly error?: string;
}

const golden = new URL("../golden/docker_cli/", import.meta.url);
const API = "1.41";
const made: Recorded[] = [];

/**
 * Records what a docker client sends for each line of tests/golden/docker_cli/commands.txt, and writes it beside that file under
 * the client's version: `deno run -A tests/support/record_docker_cli.ts /usr/bin/docker`. The engine is made of canned answers.
 */
async function record(docker: string): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "record-" });
  await Deno.mkdir(`${directory}/other`);
  for (const file of ["Dockerfile", "other/Dockerfile"]) {
    await Deno.writeTextFile(`${directory}/${file}`, "FROM alpine\n");
  }
  const engine = await listen(`${directory}/engine.sock`);
  try {
    const run = (command: string) => runIn(directory, docker, command);
    const version = (await run("version --format {{.Client.Version}}")).stdout.replace(/\+.*/, "");
    const commands = await Deno.readTextFile(new URL("commands.txt", golden));
    const lines: string[] = [];
    for (const command of commands.trim().split("\n")) {
      made.length = 0;
      const { code, stderr } = await run(command);
      if (code !== 0) console.error(`${code} ${command}: ${stderr}`);
      const requests = made.filter(({ target }) => target !== "/_ping");
      const line: Line = requests.length > 0
        ? { command, requests }
        : { command, requests, error: stderr.split("\n", 1)[0]! };
      lines.push(JSON.stringify(line).replaceAll(directory, "/here"));
    }
    const text = `[\n${lines.join(",\n")}\n]\n`;
    await Deno.writeTextFile(new URL(`${version.trim()}.json`, golden), text);
  } finally {
    engine.close();
    engine.closeAllConnections();
    await Deno.remove(directory, { recursive: true });
  }
}

async function runIn(directory: string, docker: string, command: string) {
  const whole =
    `exec timeout --foreground 10 ${docker} -H unix://${directory}/engine.sock ${command}`;
  // Where a terminal is asked for, docker insists on having one.
  const inTerminal = ["script", "-qec", whole, "/dev/null"];
  const [program, ...args] = / -[ai]*t/.test(command) ? inTerminal : ["sh", "-c", whole];
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args,
    cwd: directory,
    stdin: "null",
    clearEnv: true,
    env: { HOME: directory, PATH: "/usr/bin:/bin" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function listen(path: string) {
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of request) chunks.push(chunk);
    keep(request, await new Blob(chunks).text());
    const [status, answer] = answerTo(request.method!, pathOf(request));
    response.writeHead(status, {
      "Api-Version": API,
      Ostype: "linux",
      "Content-Type": "application/json",
      "X-Docker-Container-Path-Stat": btoa(JSON.stringify({ name: "x", mode: 0x800001ed })),
    });
    response.end(answer === undefined ? "" : JSON.stringify(answer));
  });
  // attach and exec start: a stream that ends at once. Their bodies say nothing that a constraint is about.
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    keep(request, "");
    socket.end(
      "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n" +
        "Content-Type: application/vnd.docker.raw-stream\r\n\r\n",
    );
  });
  const listening = Promise.withResolvers<void>();
  server.listen({ path }, listening.resolve);
  await listening.promise;
  return server;
}

function keep({ method, url, headers }: IncomingMessage, text: string): void {
  const json = headers["content-type"] === "application/json" && text.startsWith("{");
  const body = json ? withoutZeros(JSON.parse(text)) : undefined;
  made.push({ method: method!, target: url!, ...(body === undefined ? {} : { body }) });
}

const pathOf = (request: IncomingMessage) =>
  request.url!.split("?", 1)[0]!.replace(/^\/v[0-9.]+(?=\/)/, "");

type Reply = readonly [status: number, body?: unknown];

const version = { ApiVersion: API, Version: "20.10.24", Os: "linux", Arch: "amd64" };

/** The first that fits; what is not here is an object with the fields that docker looks at. */
const replies: readonly (readonly [RegExp, Reply])[] = [
  [/ \/_ping$/, [200, "OK"]],
  [/ \/info$/, [200, { OSType: "linux", IndexServerAddress: "https://index.docker.io/v1/" }]],
  [/ \/version$/, [200, version]],
  [/^POST \/containers\/create$/, [201, { Id: "new-container", Warnings: [] }]],
  [/^POST .*\/exec$/, [201, { Id: "new-exec" }]],
  [/\/exec\/.*\/json$/, [200, { ID: "new-exec", ExitCode: 0 }]],
  [/\/wait$/, [200, { StatusCode: 0 }]],
  [/\/top$/, [200, { Titles: ["PID"], Processes: [["1"]] }]],
  [/\/stats$/, [200, { id: "id", name: "/web" }]],
  [/\/(logs|archive|events)$/, [200]],
  [/\/(history|changes|search)$/, [200, []]],
  [/^GET \/volumes$/, [200, { Volumes: [] }]],
  [/^GET \/[a-z]+(\/json)?$/, [200, []]],
  [/^DELETE \/images/, [200, [{ Deleted: "x" }]]],
  [/^DELETE /, [204]],
  [/\/(prune|update|connect|disconnect|tag|push|create|load|auth)$|\/build$/, [200, {}]],
  [/\/(start|stop|restart|kill|pause|unpause|rename|resize)$/, [204]],
];

function answerTo(method: string, path: string): Reply {
  const call = `${method} ${path}`;
  const found = replies.find(([pattern]) => pattern.test(call));
  if (found !== undefined && !/^POST \/(networks|services)\/create$/.test(call)) return found[1];
  return [method === "GET" || method === "HEAD" ? 200 : 201, {
    // Clients go on with the id; here it is the name that they asked for.
    Id: path.split("/")[2],
    ID: path.split("/")[2],
    Name: "/web",
    State: { Running: true, Status: "running" },
    Config: { Tty: false, Image: "alpine", OpenStdin: true },
    HostConfig: { LogConfig: { Type: "json-file" } },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  }];
}

await record(Deno.args[0] ?? "docker");
