import { makeCertificates } from "./certificates.ts";
import { docker, type DockerOptions, type Ran, unique } from "./docker.ts";
import { RunningGate } from "./gate.ts";
import { startPrivateEngine } from "./private_engine.ts";

/** An engine that asks Postern, and listens for certificates of our own and on a socket. */
export interface PluggedEngine extends AsyncDisposable {
  /** The engine's own socket. */
  readonly socket: string;
  readonly gate: RunningGate;
  readonly pluginSocket: string;
  /** Runs docker over TLS. */
  as(user: string, args: readonly string[], options?: DockerOptions): Promise<Ran>;
  /** Sends bytes over TLS, and reads until the engine closes. */
  send(user: string, request: string): Promise<string>;
  /** Starts Postern again, after its end. */
  again(): Promise<RunningGate>;
}

/** Where things are before they are there. */
export interface Places {
  /** Only root writes there. */
  readonly folder: string;
  readonly socket: string;
  readonly pluginSocket: string;
}

/** Starts Postern with a configuration, then an engine that asks it; certificates are made for `users`. */
export async function startPluggedEngine(
  users: readonly string[],
  config: (places: Places) => unknown,
  files: Record<string, string> = {},
): Promise<PluggedEngine> {
  const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "pa-" });
  await makeCertificates(folder, ["server", ...users]);
  const name = unique("postern");
  const places = { folder, socket: `${folder}/d.sock`, pluginSocket: `${folder}/${name}.sock` };
  const specification = `/etc/docker/plugins/${name}.spec`;
  await Deno.mkdir("/etc/docker/plugins", { recursive: true });
  await Deno.writeTextFile(specification, `unix://${places.pluginSocket}\n`);
  const serve = () => RunningGate.serve(config(places), files);
  await using cleaning = new AsyncDisposableStack();
  cleaning.defer(() => Deno.remove(folder, { recursive: true }));
  cleaning.defer(() => Deno.remove(specification));
  const gate = cleaning.use(await serve());
  const port = freePort();
  cleaning.use(
    await startPrivateEngine([
      ...["-H", `unix://${places.socket}`, "-H", `tcp://127.0.0.1:${port}`, "--tlsverify"],
      ...["--tlscacert", `${folder}/ca.pem`, "--tlscert", `${folder}/server/cert.pem`],
      ...["--tlskey", `${folder}/server/key.pem`, "--authorization-plugin", name],
    ]),
  );
  const owned = cleaning.move();
  return {
    ...places,
    gate,
    as(user, args, options = {}) {
      const env = {
        DOCKER_HOST: `tcp://127.0.0.1:${port}`,
        DOCKER_TLS_VERIFY: "1",
        DOCKER_CERT_PATH: `${folder}/${user}`,
      };
      return docker(places.socket, args, { ...options, env });
    },
    async send(user, request) {
      const text = (file: string) => Deno.readTextFileSync(`${folder}/${file}`);
      const connection = await Deno.connectTls({
        ...{ hostname: "127.0.0.1", port, caCerts: [text("ca.pem")] },
        ...{ cert: text(`${user}/cert.pem`), key: text(`${user}/key.pem`) },
      });
      // Not piped: a pipe that breaks, since the answer came early, would take the answer with it.
      const bytes = new TextEncoder().encode(request);
      const sent = (async () => {
        for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      })().catch(() => {});
      const answer = await new Response(connection.readable).text();
      await sent;
      return answer;
    },
    again: async () => owned.use(await serve()),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
