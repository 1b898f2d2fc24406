/** HAProxy with the rules of Tecnativa's and LinuxServer's images, for many environments in one process. */

/** The image whose rules are written. */
export type Image = "tecnativa" | "linuxserver";

/** An image and the variables that it is started with. */
export interface Started {
  readonly image: Image;
  readonly env: Readonly<Record<string, string>>;
}

/** A request line in two parts. */
export interface Line {
  readonly method: string;
  readonly target: string;
}

const HAPROXY = "/usr/sbin/haproxy";

/** Why there is no HAProxy to compare with; undefined when there is one. */
export function missingHaproxy(): string | undefined {
  try {
    Deno.statSync(HAPROXY);
    return undefined;
  } catch {
    return `${HAPROXY} is not there (Debian's package haproxy)`;
  }
}

const sections =
  ("auth build commit configs containers distribution events exec grpc images info networks nodes _ping " +
    "plugins secrets services session swarm system tasks version volumes").split(" ");
const libpodSections =
  ("containers events exec generate images info manifests networks _ping play pods secrets system " +
    "version volumes").split(" ");
const required = {
  ARCHIVE: "archive",
  CHANGES: "change",
  EXPORT: "export",
  LOGS: "logs",
  TOP: "top",
};
const verbs = {
  RESTARTS: "((stop)|(restart)|(kill))",
  START: "start",
  STOP: "stop",
  PAUSE: "pause",
  UNPAUSE: "unpause",
};

const variableOf = (section: string) => section.replace("_", "").toUpperCase();
const NAME = "[a-zA-Z0-9_.-]+";

/** Every variable that the rules of an image read. */
export const variables: Readonly<Record<Image, readonly string[]>> = {
  tecnativa: ["POST", "ALLOW_RESTARTS", "ALLOW_START", "ALLOW_STOP", ...sections.map(variableOf)],
  linuxserver: [
    "POST",
    ...[...Object.keys(required), ...Object.keys(verbs)].map((name) => `ALLOW_${name}`),
    ...Object.keys(verbs).flatMap((name) => [`LIBPOD_ALLOW_${name}`, `LIBPOD_ALLOW_POD_${name}`]),
    ...sections.map(variableOf),
    ...libpodSections.map((section) => `LIBPOD_${variableOf(section)}`),
  ],
};

/** What the images set themselves (their Dockerfiles); other variables are 0 there, or absent, which is the same. */
const defaults: Readonly<Record<Image, readonly string[]>> = {
  tecnativa: ["EVENTS", "PING", "VERSION"],
  linuxserver: ["EVENTS", "PING", "VERSION", "LIBPOD_PING", "LIBPOD_VERSION"],
};

/** The lines of haproxy.cfg that decide, in their order, with `prefix` before the variables' names. */
function rules(image: Image, prefix: string): string[] {
  const path = (pattern: string) => `{ path,url_dec -m reg -i ^(/v[\\d\\.]+)?${pattern} }`;
  const on = (name: string) => `{ env(${prefix}${name}) -m bool }`;
  const allow = (pattern: string, name: string) =>
    `http-request allow if ${path(pattern)} ${on(name)}`;
  const gate = `http-request deny unless METH_GET || ${on("POST")}`;
  const all = sections.map((section) => allow(`/${section}`, variableOf(section)));
  if (image === "tecnativa") {
    const { RESTARTS, START, STOP } = verbs;
    const own = Object.entries({ RESTARTS, START, STOP }).map(([name, verb]) =>
      allow(`/containers/${NAME}/${verb}`, `ALLOW_${name}`)
    );
    return [gate, ...own, ...all, "http-request deny"];
  }
  const either = `(/libpod)?/(containers|pods)/${NAME}`;
  const kinds = {
    ALLOW_: either,
    LIBPOD_ALLOW_: `/libpod/containers/${NAME}`,
    LIBPOD_ALLOW_POD_: `/libpod/pods/${NAME}`,
  };
  return [
    ...Object.entries(required).map(([name, word]) =>
      `http-request deny if ${path(`${either}/(${word})`)} !${on(`ALLOW_${name}`)}`
    ),
    ...Object.entries(kinds).flatMap(([start, kind]) =>
      Object.entries(verbs).map(([name, verb]) => allow(`${kind}/${verb}`, `${start}${name}`))
    ),
    gate,
    ...all,
    ...libpodSections.map((section) =>
      allow(`/libpod/${section}`, `LIBPOD_${variableOf(section)}`)
    ),
    "http-request deny",
  ];
}

/** A running HAProxy with a frontend for each of the started images; behind all of them, everything is answered with 204. */
export class HaproxyImages implements AsyncDisposable {
  readonly #directory: string;
  readonly #child: Deno.ChildProcess;

  private constructor(directory: string, child: Deno.ChildProcess) {
    this.#directory = directory;
    this.#child = child;
  }

  static async start(images: readonly Started[]): Promise<HaproxyImages> {
    const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "hap-" });
    const env: Record<string, string> = {};
    const frontends = images.flatMap(({ image, env: own }, index) => {
      const prefix = `E${index}_`;
      const set = { ...Object.fromEntries(defaults[image].map((name) => [name, "1"])), ...own };
      for (const [name, value] of Object.entries(set)) env[prefix + name] = value;
      return [
        `frontend image${index}`,
        `  bind unix@${directory}/${index}.sock`,
        ...rules(image, prefix).map((line) => `  ${line}`),
        "  default_backend engine",
      ];
    });
    const text = [
      "global",
      "  nbthread 1",
      "  no strict-limits",
      "defaults",
      "  mode http",
      "  timeout client 1m",
      "  timeout connect 1m",
      "  timeout server 1m",
      ...frontends,
      "backend engine",
      "  http-request return status 204",
      "",
    ].join("\n");
    await Deno.writeTextFile(`${directory}/haproxy.cfg`, text);
    const child = new Deno.Command(HAPROXY, {
      args: ["-db", "-f", `${directory}/haproxy.cfg`],
      clearEnv: true,
      env,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const started = new HaproxyImages(directory, child);
    const last = `${directory}/${images.length - 1}.sock`;
    for (let tries = 0; tries < 3000; tries++) {
      if (await answers(last)) return started;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await started[Symbol.asyncDispose]();
    throw new Error(`HAProxy did not open ${last}`);
  }

  /** The status that each request gets from the image with this number, over one connection. */
  async ask(index: number, lines: readonly Line[]): Promise<number[]> {
    const path = `${this.#directory}/${index}.sock`;
    using conn = await Deno.connect({ transport: "unix", path });
    const text = lines.map(({ method, target }) =>
      `${method} ${target} HTTP/1.1\r\nHost: x\r\n\r\n`
    );
    const sent = send(conn, new TextEncoder().encode(text.join("")));
    const statuses = await statusesOf(conn, lines);
    await sent;
    return statuses;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await Deno.remove(this.#directory, { recursive: true });
  }
}

async function answers(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return true;
  } catch {
    return false;
  }
}

async function send(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

async function statusesOf(conn: Deno.Conn, lines: readonly Line[]): Promise<number[]> {
  const statuses: number[] = [];
  const buffer = new Uint8Array(65_536);
  const decoder = new TextDecoder("latin1");
  let text = "";
  for (const { method, target } of lines) {
    for (;;) {
      const end = text.indexOf("\r\n\r\n");
      const head = text.slice(0, end + 4);
      const length = method === "HEAD"
        ? 0
        : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? "0");
      if (end >= 0 && text.length >= head.length + length) {
        statuses.push(Number(head.slice(9, 12)));
        text = text.slice(head.length + length);
        break;
      }
      const count = await conn.read(buffer);
      if (count === null) {
        throw new Error(`HAProxy closed instead of answering ${method} ${target}`);
      }
      text += decoder.decode(buffer.subarray(0, count));
    }
  }
  return statuses;
}
