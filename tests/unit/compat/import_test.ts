// What `postern import` writes loads, and decides as the source does: for every operation of the table, by a reading of the
// source's rules that is the test's own, or by HAProxy itself.
import assert from "node:assert/strict";
import { loadConfig } from "../../../lib/config/load.ts";
import { denoFs } from "../../../lib/config/fs.ts";
import { systemNames } from "../../../lib/peer/names.ts";
import { operations, routes } from "../../../lib/policy/operations.ts";
import type { Policy } from "../../../lib/policy/types.ts";
import { judgeAnew } from "../../../lib/relay/judge.ts";
import {
  HaproxyImages,
  type Image,
  missingHaproxy,
  variables,
} from "../../support/haproxy_images.ts";
import { Random } from "../../support/random.ts";
import { command, withFiles } from "../cli/fake_world.ts";

/** What the source makes of a method and a path, version included. */
type Evaluate = (method: string, path: string) => boolean;

interface Imported {
  readonly policy: Policy;
  readonly warnings: string;
  readonly config: string;
  readonly written: string;
}

/** Imports files, and loads what was written. */
async function imported(
  kind: string,
  files: Record<string, string>,
  more: readonly string[] = [],
): Promise<Imported> {
  let result: Imported | undefined;
  await withFiles(files, async (directory) => {
    const paths = Object.keys(files).map((name) => `${directory}/${name}`);
    const { code, out, err } = await command(
      ["import", kind, ...paths, "--out", `${directory}/new`, ...more],
    );
    assert.equal(code, 0, err);
    const file = `${directory}/new/postern.yaml`;
    assert.deepEqual(out.trim().split("\n"), [file, `${directory}/new/policies/${kind}.yaml`]);
    const checked = await command(["check", "-c", file]);
    assert.equal(checked.code, 0, checked.err);
    const loaded = loadConfig({ file, env: {}, overrides: {}, names: systemNames, fs: denoFs });
    assert.ok(loaded.ok);
    result = {
      policy: loaded.config.gate.policies[kind]!,
      warnings: err,
      config: await Deno.readTextFile(file),
      written: await Deno.readTextFile(`${directory}/new/policies/${kind}.yaml`),
    };
  });
  return result!;
}

const HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const spellings = {
  id: [HEX, HEX.slice(0, 12)],
  name: ["db", "app_one-2.x", "Zed9"],
};
/** Where an object has no id, or no name. */
const only: Readonly<Record<string, "id" | "name">> = {
  exec: "id",
  "podman-exec": "id",
  tasks: "id",
  volumes: "name",
  "podman-volumes": "name",
  distribution: "name",
  "podman-manifests": "name",
  "podman-quadlets": "name",
  "podman-systemd": "name",
  debug: "name",
};

function versionsFor(path: string): string[] {
  return path.startsWith("/libpod/")
    ? ["", "/v4.0.0", "/v5.4.2"]
    : ["", "/v1.24", "/v1.41", "/v1.51"];
}

/** How much of an operation the source allows. */
function extentIn(evaluate: Evaluate, operation: string): "all" | "some" | "none" {
  const allows = (method: string, path: string) =>
    versionsFor(path).some((version) => evaluate(method, version + path));
  const ways = routes.filter((route) => route.operation.name === operation)
    .flatMap(({ method, template }) => {
      if (!template.includes("{")) return [[allows(method, template)]];
      const spelled = only[operation.split(".")[0]!];
      return (spelled === undefined ? ["id", "name"] as const : [spelled]).map((spelling) =>
        spellings[spelling].map((name) =>
          allows(method, template.replace(/\{[^}]+\}/g, () => name))
        )
      );
    });
  if (ways.some((way) => way.every(Boolean))) return "all";
  return ways.flat().includes(true) ? "some" : "none";
}

/** Holds every operation with a route against the source; what is different must have been said. */
function assertSame({ policy, warnings }: Imported, evaluate: Evaluate): number {
  let allowed = 0;
  for (const { name } of operations) {
    const [route] = routes.filter(({ operation }) => operation.name === name);
    if (route === undefined) continue;
    const extent = extentIn(evaluate, name);
    const path = route.template.replace(/\{[^}]+\}/g, "db");
    const version = path.startsWith("/libpod/") ? "/v5.4.2" : "/v1.41";
    const method = route.method;
    const query = name === "images.pull" ? "?fromImage=alpine" : "";
    const judgement = judgeAnew({ policy, rule: "test" }, method, version + path + query);
    assert.equal(judgement.operation?.name, name);
    const isAllowed = judgement.decision.allow;
    if (isAllowed) allowed++;
    if (extent === "some") {
      assert.ok(!isAllowed, `${name} is allowed for some names only`);
      assert.match(warnings, new RegExp(`\\b${RegExp.escape(name)}\\b`));
    } else if (isAllowed !== (extent === "all")) {
      const accident = new RegExp(`${RegExp.escape(name)}[^:\n]*: allowed by the accident`);
      assert.ok(!isAllowed, `${name} is allowed, and not by the source`);
      assert.match(warnings, accident, `${name} is lost, and nothing says so`);
    }
  }
  return allowed;
}

/** `-allowGET=…` as wollomatic compiles it: without a group. */
function wollomatic(rules: Record<string, string[]>): Evaluate {
  return (method, path) =>
    (rules[method] ?? []).some((pattern) => new RegExp(`^${pattern}$`).test(path));
}

const flags = (rules: Record<string, string[]>) =>
  Object.entries(rules).flatMap(([method, patterns]) =>
    patterns.map((pattern) => `-allow${method}=${pattern}`)
  );

const sets: readonly Record<string, string[]>[] = [
  { GET: [".*"], HEAD: [".*"], POST: [".*"], PUT: [".*"], DELETE: [".*"] },
  { GET: ["/v1\\..{1,2}/(version|containers/.*|events.*)"], HEAD: ["/_ping"] },
  { GET: ["/v1\\..{2}/(containers/.*|events)|/_ping"], HEAD: ["/_ping"] },
  {
    GET: ["(/v[0-9.]+)?/containers/[a-zA-Z0-9_.-]+/json", "(/v[0-9.]+)?/info"],
    POST: ["/v1\\.\\d+/containers/[0-9a-f]+/(start|stop|restart)", "/v1\\.41/images/create"],
    DELETE: ["/v1\\.41/(containers|images)/.+"],
  },
  {
    GET: ["(/v1.41)?/(images|networks|volumes)(/.*)?", "(/v[0-9.]+)?/libpod/.*"],
    PUT: ["/.*/archive"],
  },
  { POST: ["/v1.41/containers/[a-z]+/kill|/v1.41/containers/prune", "/v1.41/exec/.*"] },
];

Deno.test("wollomatic's rules become the operations that they allow", async () => {
  for (const rules of sets) {
    const text = `services:\n  proxy:\n    image: wollomatic/socket-proxy:1\n    command:\n` +
      flags(rules).map((flag) => `      - ${JSON.stringify(flag.replaceAll("$", "$$"))}\n`).join(
        "",
      );
    const allowed = assertSame(
      await imported("wollomatic", { "compose.yaml": text }),
      wollomatic(rules),
    );
    assert.ok(allowed > 0);
  }
});

Deno.test("wollomatic's command lines and variables say the same, and flags beat variables", async () => {
  const rules = sets[3]!;
  const line = `docker run -d wollomatic/socket-proxy:1 -loglevel=debug ${
    flags(rules).map((flag) => `'${flag}'`).join(" \\\n  ")
  }`;
  assertSame(await imported("wollomatic", { "run.sh": line }), wollomatic(rules));
  const env = Object.entries(rules).flatMap(([method, patterns]) =>
    patterns.map((pattern, n) => `SP_ALLOW_${method}_${n}=${pattern}`)
  ).join("\n");
  assertSame(await imported("wollomatic", { "proxy.env": env }), wollomatic(rules));
  const both = await imported("wollomatic", {
    "proxy.env": "SP_ALLOW_GET=/info\nSP_ALLOW_HEAD=/_ping\nSP_PROXYSOCKETENDPOINT=/run/w.sock\n" +
      "SP_PROXYSOCKETENDPOINTFILEMODE=660\nSP_SOCKETPATH=/run/engine.sock\n",
    "run.sh": "socket-proxy --allowGET /version",
  });
  assertSame(both, wollomatic({ GET: ["/version"], HEAD: ["/_ping"] }));
  assert.match(
    both.config,
    /upstream: \/run\/engine\.sock\n[^]*socket: \/run\/w\.sock\n *mode: "660"/,
  );
});

Deno.test("patterns that nothing groups are grouped, and what that takes away is said", async () => {
  const { policy, warnings } = await imported("wollomatic", {
    "run.sh": "'-allowGET=/version|/info' -allowPOST=/v1.41/containers/create",
  });
  assert.match(warnings, /anchors only the first alternative/);
  assert.match(warnings, /podman-system\.info: allowed by the accident/);
  assert.ok(policy.verdicts["system.version"]!.allow && policy.verdicts["system.info"]!.allow);
  // `/info` is anchored at the end only: the source takes /v4.0.0/libpod/info as well.
  const grouped = await imported("wollomatic", {
    "run.sh": "'-allowGET=(?:/version|/info)'",
  });
  assert.doesNotMatch(grouped.warnings, /anchors only|accident/);
});

Deno.test("operations for some names are left out, and the names are told", async () => {
  const { policy, warnings, written } = await imported("wollomatic", {
    "run.sh":
      "'-allowPOST=/v1.41/containers/(traefik|my-app)/restart' '-allowGET=/v1.41/nosuch/thing'",
  });
  assert.ok(!policy.verdicts["containers.restart"]!.allow);
  assert.match(warnings, /containers\.restart: allowed for some names only \(traefik, my-app\)/);
  assert.match(warnings, /\/v1\.41\/nosuch\/thing: opens nothing here/);
  assert.match(
    written,
    /# - containers\.restart .*containers: \[\{ name: \[traefik, my-app\] \}\]/,
  );
});

Deno.test("a pattern that leaves out a few names, or long ones, does not open the operation", async () => {
  const leavesOut = [
    "/v1.41/containers/[^p][^/]*/stop",
    "/v1.41/containers/[a-zA-Z0-9_.-]{1,12}/kill",
    "/v1.41/containers/[^/]*[^q]/start",
    "/v1.41/containers/[0-8a-zA-Z][^/]*/pause",
  ];
  const { policy, warnings } = await imported("wollomatic", {
    "run.sh": [...leavesOut, "/v1.41/containers/[^/]+/unpause"]
      .map((pattern) => `'-allowPOST=${pattern}'`).join(" "),
  });
  for (const verb of ["stop", "start", "pause"]) {
    // By their ids, all of them are reached: what is left out are names.
    assert.equal(policy.verdicts[`containers.${verb}`]!.allow, verb !== "pause", verb);
  }
  assert.ok(!policy.verdicts["containers.kill"]!.allow);
  assert.match(warnings, /containers\.kill: allowed for some names only/);
  assert.ok(policy.verdicts["containers.unpause"]!.allow);
});

Deno.test("folders for bind mounts become host_mounts over the safe defaults", async () => {
  const { policy, warnings } = await imported("wollomatic", {
    "run.sh": "-allowPOST=/v1.41/containers/create -allowbindmountfrom=/srv/a,/srv/b/",
  });
  const { limits } = policy.verdicts["containers.create"]!.constraints!;
  assert.deepEqual(limits.host_mounts, [
    { path: "/srv/a" },
    { path: "/srv/a/**" },
    { path: "/srv/b" },
    { path: "/srv/b/**" },
  ]);
  assert.equal(limits.privileged, false);
  assert.match(warnings, /allowbindmountfrom looks at bind mounts alone/);
});

/** cetusguard's rules with the variables written out by hand. */
function cetusguard(rules: readonly (readonly [methods: string, pattern: RegExp])[]): Evaluate {
  const builtin: typeof rules = [
    ["GET,HEAD", /^(?:\/v[0-9]+(?:\.[0-9]+)*)?\/_ping$/],
    ["GET,HEAD", /^(?:\/v[0-9]+(?:\.[0-9]+)*)\/libpod\/_ping$/],
    ["GET", /^(?:\/v[0-9]+(?:\.[0-9]+)*)?\/(?:version|info)$/],
    ["GET", /^(?:\/v[0-9]+(?:\.[0-9]+)*)\/libpod\/(?:version|info)$/],
  ];
  return (method, path) =>
    [...builtin, ...rules].some(([methods, pattern]) =>
      methods.split(",").includes(method) && pattern.test(path)
    );
}

Deno.test("cetusguard's rules become the operations that they allow, the built-in ones, too", async () => {
  const text = [
    "! Monitor events",
    "GET %API_PREFIX_EVENTS%",
    "",
    "\tGET  %API_PREFIX_CONTAINERS%/json  ",
    "GET %API_PREFIX_CONTAINERS%/%CONTAINER_ID_OR_NAME%/json",
    "POST %API_PREFIX_CONTAINERS%/%CONTAINER_ID%/(?:start|stop)",
    "GET,HEAD,PUT %API_PREFIX_CONTAINERS%/%CONTAINER_NAME%/archive",
    "GET %API_PREFIX_IMAGES%/%IMAGE_ID_OR_REFERENCE%/json",
    "GET,DELETE %API_PREFIX_VOLUMES%/%VOLUME_ID%",
    "POST %API_PREFIX_LIBPOD_PODS%/[a-z]+/start",
    "POST %API_PREFIX_LIBPOD_PODS%/[a-z]{9}/stop",
    "GET %API_PREFIX_NETWORKS%(/.*)?",
  ].join("\n");
  const V = "^(?:/v[0-9]+(?:\\.[0-9]+)*)?";
  const image = "(?:[a-zA-Z0-9_.:-]+/)*[a-zA-Z0-9_.-]+(?::[a-zA-Z0-9_.-]+)?";
  const evaluate = cetusguard([
    ["GET", new RegExp(`${V}/events$`)],
    ["GET", new RegExp(`${V}/containers/(?:json|[a-zA-Z0-9][a-zA-Z0-9_.-]+/json)$`)],
    ["POST", new RegExp(`${V}/containers/[a-fA-F0-9]+/(?:start|stop)$`)],
    ["GET,HEAD,PUT", new RegExp(`${V}/containers/[a-zA-Z0-9][a-zA-Z0-9_.-]+/archive$`)],
    ["GET", new RegExp(`${V}/images/${image}/json$`)],
    ["GET,DELETE", new RegExp(`${V}/volumes/[a-fA-F0-9]+$`)],
    ["POST", /^\/v[0-9.]+\/libpod\/pods\/[a-z]+\/start$/],
    ["GET", new RegExp(`${V}/networks(/.*)?$`)],
  ]);
  const result = await imported("cetusguard", { "rules.list": text });
  assertSame(result, evaluate);
  const allows = (name: string) => result.policy.verdicts[name]!.allow;
  assert.ok(allows("containers.start") && allows("containers.archive-stat"));
  assert.ok(!allows("volumes.inspect") && !allows("podman-pods.start"));
  assert.match(result.warnings, /\[a-z\]\{9\}\/stop: opens nothing here/);
  assert.match(result.warnings, /podman-system\.ping.*some versions of the API only/);

  const compose =
    `services:\n  guard:\n    image: docker.io/hectorm/cetusguard:v1\n    environment:\n` +
    `      CETUSGUARD_FRONTEND_ADDR: "unix:///run/c.sock"\n      CETUSGUARD_RULES: |\n` +
    text.split("\n").map((line) => `        ${line}\n`).join("").replaceAll("$", "$$");
  const composed = await imported("cetusguard", { "compose.yaml": compose });
  assertSame(composed, evaluate);
  assert.match(composed.config, /socket: \/run\/c\.sock/);
  const bare = `${compose}      CETUSGUARD_NO_BUILTIN_RULES: "true"\n`;
  const without = await imported("cetusguard", { "compose.yaml": bare });
  assert.ok(!without.policy.verdicts["system.ping"]!.allow);
});

/** sockguard's globs, segment by segment. */
function matchesGlob(glob: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = glob;
  if (first === undefined) return path.length === 0;
  if (first === "**") {
    return path.some((_, at) => matchesGlob(rest, path.slice(at))) || rest.length === 0;
  }
  const [segment, ...others] = path;
  if (segment === undefined) return false;
  return (first === "*" || first === segment) && matchesGlob(rest, others);
}

function sockguard(rules: readonly string[]): Evaluate {
  return (method, path) => {
    const plain = path.replace(/^\/v[\d.]+(?=\/)/, "").split("/").slice(1);
    const found = rules.map((rule) => rule.split(" ") as [string, string, string])
      .find(([, methods, glob]) =>
        (methods === "*" || methods.split(",").includes(method)) &&
        matchesGlob(glob.split("/").slice(1), plain)
      );
    return found?.[0] === "allow";
  };
}

Deno.test("sockguard's rules are tried in their order, and become the operations that they allow", async () => {
  const rules = [
    "allow GET /_ping",
    "allow GET /version",
    "deny GET /containers/*/export",
    "deny GET /containers/*/archive",
    "allow GET,HEAD /containers/**",
    "allow POST /containers/*/start",
    "allow POST /containers/create",
    "deny * /images/**",
    "allow GET /images/json",
    "allow * /libpod/pods/**",
    "allow * /volumes/**",
    "deny * /**",
    "allow GET /info",
  ];
  const text = [
    "listen: { socket: /run/s.sock, socket_mode: '0660', socket_gid: 0 }",
    "upstream: { socket: /run/engine.sock }",
    "clients: { profiles: [] }",
    "request_body: { container_create: { allowed_bind_mounts: [/srv/x], allow_privileged: false } }",
    "rules:",
    ...rules.map((rule) => {
      const [action, method, path] = rule.split(" ");
      return `  - match: { method: "${method}", path: "${path}" }\n    action: ${action}`;
    }),
  ].join("\n");
  const result = await imported("sockguard", { "sockguard.yaml": text });
  assertSame(result, sockguard(rules));
  assert.match(result.config, /socket: \/run\/s\.sock\n *mode: "0660"\n *group: "0"/);
  assert.match(result.warnings, /clients is not translated/);
  assert.match(
    result.warnings,
    /request_body\.container_create\.allow_privileged is not translated/,
  );
  assert.match(result.warnings, /allow GET \/info: opens nothing/);
  const { limits } = result.policy.verdicts["containers.create"]!.constraints!;
  assert.deepEqual(limits.host_mounts, [{ path: "/srv/x" }, { path: "/srv/x/**" }]);
});

Deno.test("BuildKit's tunnels are open only where sockguard does not look into them", async () => {
  const rules = "rules: [{ match: { method: '*', path: /** }, action: allow }]\n";
  const allows = async (text: string) => {
    const { policy } = await imported("sockguard", { "sockguard.yaml": text });
    return ["builder.session", "builder.grpc", "images.build"].map((name) =>
      policy.verdicts[name]!.allow
    );
  };
  assert.deepEqual(await allows(rules), [false, false, true]);
  const opaque = `${rules}insecure_accept_opaque_buildkit_tunnels: true\n`;
  assert.deepEqual(await allows(opaque), [true, true, true]);
  const { warnings } = await imported("sockguard", { "sockguard.yaml": rules });
  assert.match(warnings, /swarm\.init, .*: refused by the safe defaults/);
  const mediated = `${rules}request_body: { buildkit: { solve: {} } }\n`;
  assert.deepEqual(await allows(mediated), [false, false, true]);
});

const missing = missingHaproxy();
for (const image of ["tecnativa", "linuxserver"] as const) {
  Deno.test({
    name: missing === undefined
      ? `${image}'s variables become the operations that its HAProxy lets through`
      : `${image}'s variables become the operations of its HAProxy (skipped: ${missing})`,
    ignore: missing !== undefined,
    async fn() {
      const random = new Random(image.length);
      const started = Array.from({ length: 6 }, () => ({ image, env: someOf(random, image) }));
      await using haproxy = await HaproxyImages.start(started);
      for (const [index, { env }] of started.entries()) {
        const text = Object.entries(env).map(([name, value]) => `${name}=${value}\n`).join("");
        const result = await imported(image, { "proxy.env": text });
        const lines = routes.map(({ method, template }) => ({
          method,
          target: template.replace(/\{[^}]+\}/g, "db"),
        }));
        const statuses = await haproxy.ask(index, lines);
        const open = new Set(
          lines.filter((_, at) => statuses[at] === 204).map(({ method, target }) =>
            `${method} ${target}`
          ),
        );
        // Names and versions make no difference to these rules.
        assertSame(result, (method, path) => {
          const plain = path.replace(/^\/v[\d.]+(?=\/)/, "");
          const route = routes.find((route) =>
            route.method === method && shape(route.template).test(plain)
          );
          const target = route?.template.replace(/\{[^}]+\}/g, "db");
          return target !== undefined && open.has(`${method} ${target}`);
        });
      }
    },
  });
}

function shape(template: string): RegExp {
  return new RegExp(
    `^${template.split(/\{[^}]+\}/).map((text) => RegExp.escape(text)).join("[^/]+")}$`,
  );
}

function someOf(random: Random, image: Image): Record<string, string> {
  return Object.fromEntries(
    variables[image].filter(() => random.chance(0.4)).map((name) => [name, "1"]),
  );
}

Deno.test("what cannot be imported is said in one line, with exit code 1", async () => {
  const cases: readonly (readonly [kind: string, text: string, problem: RegExp])[] = [
    ["wollomatic", "'-allowGET=/x(?=y)'", /has a pattern that cannot be read.*\(\?=/],
    ["wollomatic", "'-allowGET=/x\\pL'", /\\p/],
    [
      "wollomatic",
      "services: { a: { image: b }, c: { image: d } }",
      /choose one of a, c with --service/,
    ],
    ["cetusguard", "GET /a\nget /b\n= c", /is not NAME=value|no rule/],
    ["sockguard", "rules: [{ match: { method: GET }, action: allow }]", /without method and path/],
    [
      "sockguard",
      "rules: [{ match: { method: GET, path: / }, action: log }]",
      /neither allows nor denies/,
    ],
    ["sockguard", "listen: {}", /has no list of rules/],
    ["tecnativa", "CONTAINERS 1", /line 1 is not NAME=value/],
  ];
  for (const [kind, text, problem] of cases) {
    await withFiles({ "in": text }, async (directory) => {
      const { code, out, err } = await command(["import", kind, `${directory}/in`]);
      assert.equal(code, 1, err);
      assert.equal(out, "");
      assert.match(err, problem);
    });
  }
  assert.match(
    (await command(["import", "wollomatic", "/nowhere"])).err,
    /cannot be read: .*ENOENT/,
  );
  const unknown = await command(["import", "tecnativ", "-"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /did you mean tecnativa/);
  assert.equal((await command(["import", "tecnativa"])).code, 2);
  assert.equal((await command(["import"])).code, 2);
});

Deno.test("standard input is read, standard output gets both files, and no file is written over", async () => {
  const { code, out } = await command(["import", "tecnativa", "-"], {}, "CONTAINERS=1\n");
  assert.equal(code, 0);
  assert.match(
    out,
    /^# postern\.yaml\n[^]*\n---\n# policies\/tecnativa\.yaml\n[^]*name: tecnativa/,
  );
  await withFiles({ "in": "INFO=1\n", "out/postern.yaml": "mine" }, async (directory) => {
    const again = await command([
      "import",
      "tecnativa",
      `${directory}/in`,
      "--out",
      `${directory}/out`,
    ]);
    assert.equal(again.code, 1);
    assert.match(again.err, /postern\.yaml is there already/);
    assert.equal(await Deno.readTextFile(`${directory}/out/postern.yaml`), "mine");
  });
});

Deno.test("a compose file's own dollar signs, defaults and several services are understood", async () => {
  const text = `
x-env: &env { POST: "\${POST:-1}", EXEC: "\${EXEC}" }
services:
  a: { image: "tecnativa/docker-socket-proxy:0.4", environment: { <<: *env, CONTAINERS: 1 } }
  b: { image: "tecnativa/docker-socket-proxy:0.4", environment: [INFO=1] }
`;
  const first = await imported("tecnativa", { "c.yaml": text }, ["--service", "a"]);
  assert.ok(first.policy.verdicts["containers.create"]!.allow);
  assert.match(first.warnings, /takes POST from elsewhere: its default 1 is taken/);
  assert.match(first.warnings, /takes EXEC from elsewhere: it is taken for empty/);
  const second = await imported("tecnativa", { "c.yaml": text }, ["--service", "b"]);
  assert.ok(second.policy.verdicts["system.info"]!.allow);
  assert.ok(!second.policy.verdicts["containers.list"]!.allow);
});
