// Postern beside HAProxy with the rules of Tecnativa's and LinuxServer's images: the same environment, the same requests. Every
// decision is the same, except where `differences` says why it is not. POSTERN_DIFFERENTIAL=N compares N times as much.
import assert from "node:assert/strict";
import { envPolicy } from "../../../lib/compat/env_policy.ts";
import { variablesOn } from "../../../lib/compat/env_rules.ts";
import { environmentVariables, flavours, ruleVariables } from "../../../lib/compat/flavours.ts";
import { routes } from "../../../lib/policy/operations.ts";
import { judgeAnew, type Judgement } from "../../../lib/relay/judge.ts";
import manifest from "../../../deno.json" with { type: "json" };
import { RunningGate } from "../../support/gate.ts";
import {
  HaproxyImages,
  type Image,
  type Line,
  missingHaproxy,
  type Started,
  variables,
} from "../../support/haproxy_images.ts";
import { Random } from "../../support/random.ts";
import { ok, Wire } from "../../support/wire.ts";

const missing = missingHaproxy();
const times = Number(Deno.env.get("POSTERN_DIFFERENTIAL") ?? "1");
/** In one HAProxy: the variables of all of them are its environment, which the kernel limits. */
const ENVIRONMENTS = 300;
const REQUESTS = 200;

/** A request on which the two disagree. */
interface Disagreement extends Line {
  readonly allowedByHaproxy: boolean;
  readonly judgement: Judgement;
}

/** A kind of disagreement that is meant, and why. */
interface Difference {
  readonly name: string;
  readonly why: string;
  readonly covers: (found: Disagreement) => boolean;
}

/** Container names as the images' patterns have them; the engine makes no others. */
const NAME = /^[a-zA-Z0-9_.-]+$/;

/** What stands in the place of a container's or a pod's name. */
function nameIn({ target }: Line): string {
  const path = decodeURIComponent(target.split("?", 1)[0]!.replace(/%(?![0-9a-f]{2})/gi, "%25"));
  return /\/(?:containers|pods)\/([^/]*)\//.exec(path)?.[1] ?? "web";
}

const stricter: readonly Difference[] = [
  {
    name: "not clean",
    why:
      "paths that servers read differently (encoded letters, dot segments, empty segments), API versions that are none or " +
      "older than 1.24, and parameters that are there twice are answered with 400, whatever the policy; HAProxy's rules look at " +
      "one reading, and let /containers/../secrets pass for /containers",
    covers: ({ allowedByHaproxy, judgement }) => allowedByHaproxy && judgement.status === 400,
  },
  {
    name: "no operation",
    why:
      "HAProxy's patterns have a beginning, no end, no method and no case: /containersfoo, /Containers/json and " +
      "PATCH /containers/web pass; Postern knows operations, and the engine has none there",
    covers: ({ allowedByHaproxy, judgement }) =>
      allowedByHaproxy && judgement.status === 403 && judgement.operation === undefined,
  },
  {
    name: "OPTIONS",
    why:
      "with POST=1 it passes like any other method; no client of the engine needs it, and no variable opens it here",
    covers: ({ allowedByHaproxy, judgement }) =>
      allowedByHaproxy && judgement.operation?.name === "system.options",
  },
  {
    name: "alias",
    why:
      "a container by a name with a slash is the alias of a link, and reaches another container than the one that is named: 404",
    covers: ({ allowedByHaproxy, judgement }) => allowedByHaproxy && judgement.status === 404,
  },
  {
    name: "kept back",
    why:
      "LinuxServer's patterns keep logs, export and the like back for names that a container can have, and let other names " +
      "pass for CONTAINERS; here no name does",
    covers: (found) =>
      found.allowedByHaproxy && found.judgement.status === 403 && !NAME.test(nameIn(found)),
  },
];

const harmless: readonly Difference[] = [
  {
    name: "no such name",
    why:
      "ALLOW_START and the like have a pattern for names; Postern allows the operation, and for a name that no container can " +
      "have the engine answers 404",
    covers: (found) => !found.allowedByHaproxy && !NAME.test(nameIn(found)),
  },
  {
    name: "another route",
    why:
      "LIBPOD_PLAY and LIBPOD_GENERATE open /libpod/play/kube and /libpod/generate/kube; Podman has the same operations at " +
      "/libpod/kube as well",
    covers: ({ allowedByHaproxy, judgement }) =>
      !allowedByHaproxy && judgement.operation?.name.startsWith("podman-kube.") === true,
  },
];

const differences = [...stricter, ...harmless];

/** Variables as people set them, and as they should not. */
function randomEnvironment(random: Random, image: Image): Record<string, string> {
  const often = random.pick([0.1, 0.3, 0.6, 0.9]);
  const odd = ["true", "yes", "2", "01", "-1", "+1", "1x", "", "00", "1.5", "18446744073709551616"];
  return Object.fromEntries(
    variables[image].filter(() => random.chance(0.8)).map((name) => [
      name,
      random.chance(0.05) ? random.pick(odd) : random.chance(often) ? "1" : "0",
    ]),
  );
}

const names = [
  ...[
    "web",
    "my_app-db.1",
    "json",
    "create",
    "start",
    "logs",
    "4c01db0b339c",
    "a:b",
    "a!b",
    "x@y",
    "a%2Fb",
  ],
  ...[
    "alpine",
    "library/alpine:3.20",
    "registry.example.com:5000/a/b",
    "..",
    ".",
    "a%20b",
    "%61",
    "web%00",
  ],
];
const docker = ["", "", "/v1.24", "/v1.41", "/v1.44", "/v1.52"];
const libpod = ["", "/v4.0.0", "/v5.4.2", "/v1.41"];
const odder = [
  "/v1",
  "/v1.23",
  "/v1.41.2",
  "/v..1",
  "/V1.41",
  "/v1.41/v1.41",
  "/v3.0.0",
  "/vx",
  "//v1.41",
];
const queries = [
  "",
  "",
  "?all=1",
  "?size=1",
  "?fromImage=a&fromImage=b",
  "?ps_args=aux",
  "?x=%2e",
  "?a=b?c=/info",
];
const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "FOO"];

function randomLine(random: Random): Line {
  const { method, template } = random.pick(routes);
  let path = template.replace(/\{[^}]+\}/g, () => random.pick(names));
  if (random.chance(0.1)) path = mangled(random, path);
  const own = path.startsWith("/libpod") ? libpod : docker;
  const version = random.chance(0.05) ? random.pick(odder) : random.pick(own);
  return {
    method: random.chance(0.1) ? random.pick(methods) : method,
    target: version + path + random.pick(queries),
  };
}

/** What shows each of the differences where the variables are right for it. */
const telling: readonly Line[] = [
  "GET /containers/../secrets",
  "GET /Containers/json",
  "OPTIONS /containers/json",
  "GET /containers/a/b/json",
  "GET /containers/a!b/logs",
  "POST /containers/a!b/stop",
  "POST /libpod/kube/play",
].map((line) => {
  const [method, target] = line.split(" ") as [string, string];
  return { method, target };
});

/** A path that is almost one of the API's. */
function mangled(random: Random, path: string): string {
  const at = 1 + Math.floor(random.next() * (path.length - 1));
  const code = path.charCodeAt(at).toString(16);
  return random.pick([
    `${path}foo`,
    `${path}/foo`,
    `${path}/`,
    `/${path}`,
    `/.${path}`,
    `/x/..${path}`,
    `${path}/../../secrets`,
    `${path}/%2e%2e/info`,
    `${path}%2Ffoo`,
    `${path}%00`,
    `${path};x`,
    path.toUpperCase(),
    `${path.slice(0, at)}%${code}${path.slice(at + 1)}`,
    `${path.slice(0, at)}%25${code}${path.slice(at + 1)}`,
    path.slice(0, at),
    `/foo${path}`,
  ]);
}

/** For each image nothing set, everything open, and random environments. */
function environments(random: Random, count: number): Started[] {
  const images: Image[] = ["tecnativa", "linuxserver"];
  const all = (image: Image) => Object.fromEntries(variables[image].map((name) => [name, "1"]));
  return Array.from({ length: count }, (_, n) => {
    const image = images[n % 2]!;
    const env = n < 2 ? {} : n < 4 ? all(image) : randomEnvironment(random, image);
    return { image, env };
  });
}

Deno.test("the images' variables are the ones that are read, and that start, compile and the container may read", () => {
  assert.deepEqual(
    [...ruleVariables],
    [...new Set([...variables.tecnativa, ...variables.linuxserver])].sort(),
  );
  const granted = /--allow-env=(\S+)/.exec(manifest.tasks.start)![1]!.split(",");
  assert.deepEqual(environmentVariables.filter((name) => !granted.includes(name)), []);
});

Deno.test({
  name: missing === undefined
    ? "under random environments Postern decides as HAProxy does with the images' rules, but for documented differences"
    : `Postern decides as HAProxy does with the images' rules (skipped: ${missing})`,
  ignore: missing !== undefined,
  async fn() {
    const counts = new Map<string, number>();
    let allowed = 0;
    for (let round = 0; round < times; round++) {
      const random = new Random(round);
      const started = environments(random, ENVIRONMENTS);
      await using haproxy = await HaproxyImages.start(started);
      for (const [index, { image, env }] of started.entries()) {
        const lines = [...telling, ...Array.from({ length: REQUESTS }, () => randomLine(random))];
        const statuses = await haproxy.ask(index, lines);
        const flavour = flavours[image]!;
        const policy = envPolicy(flavour, variablesOn(flavour, env), false);
        for (const [n, line] of lines.entries()) {
          assert.ok(statuses[n] === 204 || statuses[n] === 403, `${line.target}: ${statuses[n]}`);
          const allowedByHaproxy = statuses[n] === 204;
          const judgement = judgeAnew({ policy, rule: "environment" }, line.method, line.target);
          const allowedByPostern = judgement.status === 0;
          if (allowedByHaproxy === allowedByPostern) {
            if (allowedByPostern) allowed++;
            continue;
          }
          const found = { ...line, allowedByHaproxy, judgement };
          const difference = differences.find(({ covers }) => covers(found));
          assert.ok(
            difference !== undefined,
            `${line.method} ${line.target}: HAProxy ${statuses[n]}, Postern ${judgement.status} ` +
              `(${judgement.operation?.name}) for ${image} with ${JSON.stringify(env)}`,
          );
          counts.set(difference.name, (counts.get(difference.name) ?? 0) + 1);
        }
      }
    }
    const asked = times * ENVIRONMENTS;
    const requests = asked * (REQUESTS + telling.length);
    const told = differences.map(({ name }) => `${name} ${counts.get(name) ?? 0}`).join(", ");
    console.log(
      `${requests} requests under ${asked} environments: ${allowed} allowed by both; ` +
        `differences: ${told}`,
    );
    assert.ok(allowed > requests / 20, `only ${allowed} allowed by both`);
    for (const { name } of differences) assert.ok(counts.has(name), `no request shows: ${name}`);
  },
});

Deno.test("the gate itself decides as its policy does under an environment", async () => {
  const random = new Random(7);
  const directory = await Deno.makeTempDir({ dir: "/tmp" });
  using engine = Deno.listen({ transport: "unix", path: `${directory}/up.sock` });
  void serveEverything(engine);
  for (const image of ["tecnativa", "linuxserver"] as const) {
    const env = randomEnvironment(random, image);
    await using gate = await RunningGate.start(["serve", "--env"], ["DIR/docker.sock"], {
      env: {
        ...env,
        BIND_CONFIG: "unix@DIR/docker.sock mode 600",
        SOCKET_PATH: `${directory}/up.sock`,
        LOG_LEVEL: "notice",
        POSTERN_ENV: image,
      },
    });
    const flavour = flavours[image]!;
    const policy = envPolicy(flavour, variablesOn(flavour, env), false);
    for (let n = 0; n < 150; n++) {
      const { method, target } = randomLine(random);
      const judgement = judgeAnew({ policy, rule: "environment" }, method, target);
      using wire = await Wire.to(`${gate.directory}/docker.sock`);
      await wire.send(`${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      const status = Number((await wire.until("\r\n")).slice(9, 12));
      assert.equal(status, judgement.status === 0 ? 200 : judgement.status, `${method} ${target}`);
    }
  }
  await Deno.remove(directory, { recursive: true });
});

/** An engine that has everything. */
async function serveEverything(engine: Deno.UnixListener): Promise<void> {
  for await (const conn of engine) {
    void (async () => {
      using wire = new Wire(conn);
      await wire.until("\r\n\r\n");
      await wire.send(ok("", "Connection: close\r\n"));
    })();
  }
}
