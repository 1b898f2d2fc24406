// A real Podman behind the gate: its own command line and API, and Docker's. What is refused has reached nothing.
import assert from "node:assert/strict";
import { request } from "node:http";
import { type As, docker, runAs, unique } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";
import {
  missingForPodman,
  type PrivatePodman,
  startPrivatePodman,
} from "../support/private_podman.ts";

const missing = missingForPodman();
const reader: As = { uid: 1002 };

const team = `
name: team
extends: operator
allow:
  - podman-containers: [create, init, attach, exec, remove, resize]
  - podman-exec: [start, inspect, resize, remove]
  - podman-images: [pull]
  - images: [push, build]
  - podman-volumes: [create, remove]
  - podman-kube: [play]
  - containers: [create, attach, remove, exec]
  - exec: [start, inspect, resize]
`;

interface Stage extends AsyncDisposable {
  readonly engine: PrivatePodman;
  readonly gate: RunningGate;
  /** Podman's own command line, through the gate. */
  podman(args: readonly string[], options?: Parameters<typeof runAs>[2] & { as?: As }): ReturnType<
    typeof runAs
  >;
  /** A request of Podman's own API through the gate: status and body. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }>;
  /** Everything that a refused request could have changed. */
  state(): Promise<string>;
}

async function openStage(): Promise<Stage> {
  const engine = await startPrivatePodman();
  const gate = await RunningGate.serve({
    upstream: engine.socket,
    listeners: [{ socket: "DIR/docker.sock", mode: "0666", policy: "team" }],
    clients: [{ uid: reader.uid, policy: "read-only" }],
    policies: "policies/",
  }, { "policies/team.yaml": team });
  const socket = `${gate.directory}/docker.sock`;
  // Podman's client insists on folders of its own.
  const home = `${gate.directory}/home`;
  await Deno.mkdir(home, { mode: 0o700 });
  await Deno.chown(home, reader.uid, reader.uid);
  return {
    engine,
    gate,
    podman: (args, { as, ...options } = {}) =>
      runAs(as, ["podman", "--remote", "--url", `unix://${socket}`, ...args], {
        ...options,
        env: { HOME: home, XDG_RUNTIME_DIR: as === undefined ? "/run" : home, ...options.env },
      }),
    call: (method, path, body) => call(socket, method, path, body),
    async state() {
      const lists = [["ps", "-a", "-q"], ["volume", "ls", "-q"], ["pod", "ls", "-q"]];
      return (await Promise.all(lists.map((args) => engine.podman(...args)))).join("--\n");
    },
    async [Symbol.asyncDispose]() {
      await gate[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

function call(socket: string, method: string, path: string, body: unknown) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const asked = request({ socketPath: socket, method, path, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk) => text += chunk);
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.on("error", reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const denied: readonly Record<string, unknown>[] = [
  { privileged: true },
  { mounts: [{ destination: "/h", type: "bind", source: "/", options: ["rbind"] }] },
  { mounts: [{ destination: "/h", source: "/", options: ["bind"] }] },
  { overlay_volumes: [{ destination: "/h", source: "/etc" }] },
  { volumes: [{ Name: "hostroot", Dest: "/h" }] },
  { image: "", rootfs: "/" },
  { conmon_pid_file: "/tmp/pid" },
  { log_configuration: { driver: "k8s-file", path: "/tmp/log" } },
  { timezone: "../../../etc/shadow" },
  { init: true, init_path: "/etc/passwd" },
  { pidns: { nsmode: "host" } },
  { ipcns: { nsmode: "host" } },
  { utsns: { nsmode: "host" } },
  { netns: { nsmode: "host" } },
  { netns: { nsmode: "path", value: "/proc/1/ns/net" } },
  { cgroupns: { nsmode: "host" } },
  { cap_add: ["SYS_ADMIN"] },
  { devices: [{ path: "/dev/null" }] },
  { device_cgroup_rule: [{ allow: true, type: "a", access: "rwm" }] },
  { seccomp_profile_path: "unconfined" },
  { apparmor_profile: "unconfined" },
  { selinux_opts: ["disable"] },
  { unmask: ["ALL"] },
  { cgroup_parent: "/x" },
  { cgroups_mode: "disabled" },
  { oci_runtime: "/bin/sh" },
  { env_host: true },
  { Privileged: true },
  { PRIVILEGED: true },
];

const refusedRoutes: readonly (readonly [method: string, path: string, status: number])[] = [
  ["POST", "/v4.0.0/libpod/kube/play", 403],
  ["POST", "/v4.0.0/libpod/pods/create", 403],
  ["POST", "/v4.0.0/libpod/build?volume=/:/h", 403],
  ["POST", "/v4.0.0/libpod/images/load", 403],
  ["POST", "/v4.0.0/libpod/secrets/create?name=x&driver=shell", 403],
  ["GET", "/v4.0.0/libpod/secrets/x/json?showsecret=true", 403],
  ["GET", "/v4.0.0/libpod/containers/x/healthcheck", 403],
  ["POST", "/v4.0/libpod/containers/create", 400],
  ["POST", "/v1.41/libpod/containers/create", 400],
  ["POST", "/v4.0.0/containers/create", 400],
  ["POST", "/v4.0.0/%6cibpod/containers/create", 400],
];

Deno.test({
  name: missing === undefined
    ? "Podman behind the gate"
    : `Podman behind the gate (skipped: ${missing})`,
  ignore: missing !== undefined,
  async fn(t) {
    await using stage = await openStage();
    const { engine, gate, podman, call, state } = stage;
    const socket = `${gate.directory}/docker.sock`;

    await t.step("podman run streams a container's output, and its exit code", async () => {
      const args = ["run", "--rm", "--network", "none", "localhost/bb", "sh", "-c"];
      const ran = await podman([...args, "echo out; exit 3"]);
      assert.deepEqual([ran.code, ran.out], [3, "out\n"], ran.err);
    });

    await t.step("podman run -i passes standard input and its end", async () => {
      const args = ["run", "-i", "--rm", "--network", "none", "localhost/bb", "cat"];
      const ran = await podman(args, { stdin: "through\n" });
      assert.deepEqual([ran.code, ran.out], [0, "through\n"], ran.err);
    });

    await t.step("podman exec runs in a container, a privileged one is denied", async () => {
      const name = unique("pod");
      const run = ["run", "-d", "--name", name, "--network", "none", "localhost/bb", "sleep", "99"];
      assert.equal((await podman(run)).code, 0);
      const ran = await podman(["exec", name, "echo", "inside"]);
      assert.deepEqual([ran.code, ran.out], [0, "inside\n"], ran.err);
      const refused = await podman(["exec", "--privileged", name, "echo", "inside"]);
      assert.match(refused.err, /postern: podman-containers\.exec denied .*privileged/);
      assert.notEqual(refused.code, 0);
      const stopped = await podman(["stop", "-t", "0", name]);
      assert.equal(stopped.code, 0, stopped.err);
      assert.equal((await podman(["rm", name])).code, 0);
    });

    await t.step("what reaches the host is denied, and nothing is made", async () => {
      const options = JSON.stringify({ type: "none", o: "bind", device: "/" });
      const driver = Object.entries(JSON.parse(options)).flatMap(([k, v]) => ["-o", `${k}=${v}`]);
      await engine.podman("volume", "create", ...driver, "hostroot");
      const before = await state();
      const passed: string[] = [];
      for (const spec of denied) {
        const body = { image: "localhost/bb", netns: { nsmode: "none" }, ...spec };
        const { status, text } = await call("POST", "/v4.0.0/libpod/containers/create", body);
        if (status !== 403 || !text.includes("postern: podman-containers.create denied")) {
          passed.push(`${JSON.stringify(spec)}: ${status} ${text}`);
        }
      }
      for (const [method, path, expected] of refusedRoutes) {
        const { status, text } = await call(method, path, method === "GET" ? undefined : {});
        if (status !== expected || !text.includes("postern")) {
          passed.push(`${method} ${path}: ${status} ${text}`);
        }
      }
      const volume = { Name: "v", Options: JSON.parse(options) };
      const made = await call("POST", "/v4.0.0/libpod/volumes/create", volume);
      if (made.status !== 403) passed.push(made.text);
      assert.deepEqual(passed, []);
      assert.equal(await state(), before);
    });

    await t.step("the harmless twin is made", async () => {
      const body = { image: "localhost/bb", netns: { nsmode: "none" }, command: ["id"] };
      const { status, text } = await call("POST", "/v4.0.0/libpod/containers/create", body);
      assert.equal(status, 201, text);
    });

    await t.step(
      "what Podman alone reads in Docker's requests is denied, and reaches nothing",
      async () => {
        const target = `${gate.directory}/target`;
        for (const folder of ["up", "work"]) {
          await Deno.mkdir(`${target}/${folder}`, { recursive: true });
        }
        const layers = `upperdir=${target}/up,workdir=${target}/work`;
        const create = (fields: object, host = {}) => ({
          path: "/v1.40/containers/create",
          body: { Image: "localhost/bb", HostConfig: { NetworkMode: "none", ...host }, ...fields },
        });
        const attempts = [
          {
            path: `/v1.40/images/localhost/bb/push?destination=dir:${target}/image`,
            body: undefined,
          },
          {
            path: `/v1.40/build?dockerfile=${encodeURIComponent('["/etc/passwd"]')}`,
            body: undefined,
          },
          create({}, { Binds: [`v:/y:O,${layers}`] }),
          create({ Env: ["CONTAINERS_*"] }),
        ];
        const before = await state();
        const passed: string[] = [];
        for (const { path, body } of attempts) {
          const { status, text } = await call("POST", path, body);
          if (![400, 403].includes(status) || !text.includes("postern")) {
            passed.push(`${path} ${JSON.stringify(body)}: ${status} ${text}`);
          }
        }
        assert.deepEqual(passed, []);
        assert.equal(await state(), before);
        assert.deepEqual([...Deno.readDirSync(target)].map(({ name }) => name).toSorted(), [
          "up",
          "work",
        ]);
      },
    );

    await t.step("podman's own command line says why a mount of the host is denied", async () => {
      const args = ["run", "--rm", "--network", "none", "-v", "/etc:/x", "localhost/bb", "id"];
      const { code, err } = await podman(args);
      assert.notEqual(code, 0);
      assert.match(err, /postern: podman-containers\.create denied .*host_mounts: \/etc /);
    });

    await t.step("read-only looks with podman, and changes nothing", async () => {
      const looks = [["ps", "-a"], ["images"], ["info"], ["version"], ["volume", "ls"]];
      for (const args of looks) {
        const { code, err } = await podman(args, { as: reader });
        assert.equal(code, 0, `podman ${args.join(" ")}: ${err}`);
      }
      const before = await state();
      const refused = [["create", "--network", "none", "localhost/bb"], ["volume", "create", "w"]];
      for (const args of [...refused, ["system", "df"]]) {
        const { code, err } = await podman(args, { as: reader });
        assert.notEqual(code, 0, args.join(" "));
        assert.match(err, /postern: podman-[a-z.-]+ denied for uid 1002/, args.join(" "));
      }
      assert.equal(await state(), before);
    });

    await t.step("Docker's command line works through the same gate", async () => {
      const run = ["run", "--rm", "--network", "none"];
      const ran = await docker(socket, [...run, "localhost/bb", "echo", "docker"]);
      assert.deepEqual([ran.code, ran.out], [0, "docker\n"], ran.err);
      const cat = await docker(socket, [...run, "-i", "localhost/bb", "cat"], { stdin: "x" });
      assert.deepEqual([cat.code, cat.out], [0, "x"], cat.err);
      const listed = await docker(socket, ["ps", "-a"], { as: reader });
      assert.equal(listed.code, 0, listed.err);
      const before = await state();
      for (const option of [["-v", "/:/h"], ["--privileged"], ["--pid", "host"]]) {
        const refused = await docker(socket, [...run, ...option, "localhost/bb", "true"]);
        assert.match(refused.err, /postern: containers\.create denied/, option.join(" "));
      }
      assert.equal(await state(), before);
    });
  },
});
