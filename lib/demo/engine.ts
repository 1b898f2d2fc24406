import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { behaviourOf, frame } from "./process.ts";
import { type Container, seededState, type State } from "./state.ts";
import { info, inspected, listed, listedImage, version } from "./views.ts";

/** A running engine, for the demo and for tests. */
export interface Engine {
  /** What has reached it, in order, as `GET /v1.41/info`. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/**
 * A small Docker Engine that lives in memory and listens on a unix socket of mode 0600. It answers what a docker client
 * needs to list, inspect, run, attach, log and wait, in the shapes of API 1.41; the rest is its `page not found`.
 */
export async function startEngine(path: string): Promise<Engine> {
  const state = seededState();
  const requests: string[] = [];
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(state, request, response).catch((error) => fail(response, 500, String(error)));
  });
  // A request that asks for an upgrade leaves HTTP here; it is an attach, or it is refused.
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    requests.push(`${request.method} ${request.url}`);
    const target = /^(?:\/v[0-9.]+)?\/containers\/([^/?]+)\/attach/.exec(request.url ?? "");
    const container = target === null ? undefined : state.find(target[1]!);
    if (container === undefined) {
      socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    } else attach(state, container, socket);
  });
  const listening = Promise.withResolvers<void>();
  server.listen({ path }, listening.resolve);
  server.on("error", listening.reject);
  await listening.promise;
  Deno.chmodSync(path, 0o600);
  return {
    requests,
    close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      return promise;
    },
  };
}

async function answer(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://engine");
  const path = url.pathname.replace(/^\/v[0-9.]+(?=\/)/, "");
  const call = `${request.method} ${path}`;
  response.setHeader("Api-Version", version.ApiVersion);
  response.setHeader("Ostype", "linux");
  response.setHeader("Docker-Experimental", "false");
  response.setHeader("Server", "Docker/0.0-demo (linux)");
  switch (call) {
    case "GET /_ping":
      return void response.end("OK");
    case "HEAD /_ping":
      return void response.end();
    case "GET /version":
      return json(response, 200, version);
    case "GET /info":
      return json(response, 200, info(state));
    case "GET /containers/json": {
      const all = ["1", "true"].includes(url.searchParams.get("all") ?? "");
      const shown = [...state.containers.values()].filter(({ running }) => all || running);
      return json(response, 200, shown.map(listed));
    }
    case "GET /images/json":
      return json(response, 200, state.images.map(listedImage));
    case "GET /volumes":
      return json(response, 200, { Volumes: [], Warnings: [] });
    case "GET /networks":
      return json(response, 200, []);
    case "GET /events":
      return follow(state, response, Number(url.searchParams.get("until") ?? 0));
    case "POST /containers/create":
      return await create(state, url, request, response);
  }
  const match = /^\/containers\/([^/]+)(?:\/([a-z]+))?$/.exec(path);
  if (match === null) return fail(response, 404, "page not found");
  const container = state.find(match[1]!);
  if (container === undefined) return fail(response, 404, `No such container: ${match[1]}`);
  return await onContainer(state, container, `${request.method} ${match[2] ?? ""}`, url, response);
}

function onContainer(
  state: State,
  container: Container,
  call: string,
  url: URL,
  response: ServerResponse,
): Promise<void> | void {
  switch (call) {
    case "GET json":
      return json(response, 200, inspected(container));
    case "GET logs":
      return logs(container, response);
    case "POST start":
      if (container.running) return done(response, 304);
      start(state, container);
      return done(response, 204);
    case "POST stop":
    case "POST kill":
      if (!container.running && call === "POST stop") return done(response, 304);
      state.end(container, call === "POST kill" ? 137 : 0);
      return done(response, 204);
    case "POST wait":
      return wait(container, response);
    case "DELETE ":
      if (container.running && url.searchParams.get("force") !== "1") {
        return fail(response, 409, `You cannot remove a running container ${container.id}.`);
      }
      state.end(container, 137);
      state.remove(container);
      return done(response, 204);
    default:
      return fail(response, 404, "page not found");
  }
}

async function create(
  state: State,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  const wanted = JSON.parse(body || "{}");
  const known = state.images.some(({ tag }) =>
    tag === wanted.Image || tag.startsWith(`${wanted.Image}:`)
  );
  if (!known) return fail(response, 404, `No such image: ${wanted.Image}`);
  const name = url.searchParams.get("name") ?? `demo_${state.containers.size + 1}`;
  const command: string[] = [...wanted.Entrypoint ?? [], ...wanted.Cmd ?? ["true"]];
  const container = state.create(
    name,
    wanted.Image,
    command,
    wanted.Env ?? [],
    wanted.Tty === true,
  );
  container.autoRemove = wanted.HostConfig?.AutoRemove === true;
  json(response, 201, { Id: container.id, Warnings: [] });
}

/** Starts the make-believe process; one that reads its input goes on until an attached client ends it. */
function start(state: State, container: Container): void {
  container.running = true;
  container.ended = false;
  state.tell("start", container);
  const { greeting, echo, exitCode } = behaviourOf(container.command);
  container.output += greeting;
  if (!echo || container.inputEnded) setTimeout(() => state.end(container, exitCode), 20);
}

/** Joins a client to the container's input and output, as `101 UPGRADED` with half-closes both ways. */
function attach(state: State, container: Container, socket: Duplex): void {
  socket.write(
    "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n" +
      "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
  );
  const out = (bytes: Uint8Array) => container.tty ? bytes : frame(bytes);
  let shown = 0;
  const flush = () => {
    const text = container.output.slice(shown);
    shown = container.output.length;
    if (text !== "") socket.write(out(new TextEncoder().encode(text)));
  };
  container.waiting.add(() => {
    flush();
    socket.end();
  });
  const { echo } = behaviourOf(container.command);
  socket.on("data", (chunk: Uint8Array) => {
    if (echo) socket.write(out(chunk));
  });
  socket.on("end", () => {
    container.inputEnded = true;
    if (echo) state.end(container, 0);
  });
  socket.on("error", () => {});
}

function logs(container: Container, response: ServerResponse): void {
  const type = container.tty ? "raw" : "multiplexed";
  response.setHeader("Content-Type", `application/vnd.docker.${type}-stream`);
  const bytes = new TextEncoder().encode(container.output);
  if (bytes.length > 0) response.write(container.tty ? bytes : frame(bytes));
  response.end();
}

function wait(container: Container, response: ServerResponse): void {
  response.setHeader("Content-Type", "application/json");
  response.flushHeaders();
  const tell = () => void response.end(JSON.stringify({ StatusCode: container.exitCode }) + "\n");
  // A client waits before it starts the container: only one that has run and ended is over.
  if (container.ended) tell();
  else container.waiting.add(tell);
}

function follow(state: State, response: ServerResponse, until: number): void {
  response.setHeader("Content-Type", "application/json");
  response.flushHeaders();
  if (until > 0 && until * 1000 <= Date.now()) return void response.end();
  const listener = (event: unknown) => void response.write(JSON.stringify(event) + "\n");
  state.listeners.add(listener);
  response.on("close", () => state.listeners.delete(listener));
}

function json(response: ServerResponse, status: number, value: unknown): void {
  const body = new TextEncoder().encode(JSON.stringify(value) + "\n");
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
  });
  response.end(body);
}

function done(response: ServerResponse, status: number): void {
  response.writeHead(status);
  response.end();
}

function fail(response: ServerResponse, status: number, message: string): void {
  json(response, status, { message });
}
