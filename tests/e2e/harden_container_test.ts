// The gate in a container of a real engine's, started by the very script that `harden` writes.
import assert from "node:assert/strict";
import { containers } from "../../lib/harden/containers.ts";
import type { CommandStep } from "../../lib/harden/part.ts";
import { seccompProfile } from "../../lib/harden/seccomp_profile.ts";
import { docker, unique } from "../support/docker.ts";
import type { AuditLine } from "../support/gate.ts";
import { importPosternImage, withPosternImage } from "../support/postern_image.ts";
import {
  missingForEngine,
  type PrivateEngine,
  startPrivateEngine,
} from "../support/private_engine.ts";
import { missingForPodman, startPrivatePodman } from "../support/private_podman.ts";
import { factsOf } from "../unit/harden/facts_of.ts";

const turnedOff = Deno.env.get("POSTERN_TEST_ENGINE") === "0" ? "POSTERN_TEST_ENGINE=0" : undefined;
const missing = turnedOff ?? missingForEngine();

/** `daemon` is 1:1 and `sys` the group 3 on every Debian. */
const [USER, UID, GROUP, GID] = ["daemon", 1, "sys", 3];

/** An engine with a socket, and Podman's own program where it is Podman. */
interface Engine {
  readonly socket: string;
  readonly program?: string;
}

/** The recipes of a gate with a listener `ci`, with all that they name in a directory of the test's own. */
class Recipes implements AsyncDisposable {
  readonly directory: string;
  readonly #engine: Engine;

  private constructor(directory: string, engine: Engine) {
    this.directory = directory;
    this.#engine = engine;
  }

  get socket(): string {
    return `${this.directory}/run/ci.sock`;
  }

  static async write(engine: Engine): Promise<Recipes> {
    const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pc-" });
    await Deno.chmod(directory, 0o755);
    await Deno.chown(engine.socket, 0, GID);
    await Deno.chmod(engine.socket, 0o660);
    const config = `upstream: ${engine.socket}
run_as: { user: ${USER} }
listeners:
  - { socket: ${directory}/run/ci.sock, mode: "0666", policy: full }
audit: { file: ${directory}/log/audit.jsonl }
`;
    const configFile = `${directory}/etc/postern.yaml`;
    const plan = containers.plan(factsOf({
      config: config.replace(/^run_as.*\n/m, ""),
      files: { [`${directory}/log/audit.jsonl`]: "" },
      programs: ["docker"],
      facts: { configFile, upstream: engine.socket, user: USER, group: GROUP },
    }));
    const here = (text: string) => text.replaceAll("/etc/postern/containers", `${directory}/etc`);
    await Deno.mkdir(`${directory}/etc`);
    await Deno.writeTextFile(configFile, config);
    for (const step of plan.steps) {
      if (step.kind !== "file") continue;
      await Deno.writeTextFile(here(step.path), here(step.content(undefined)), { mode: step.mode });
    }
    const ids = plan.steps.find((step) => step.kind === "command") as CommandStep;
    const check = ids.done!.map(here);
    assert.equal((await run(check)).code, 1, "the ids are not there yet");
    assert.equal((await run(ids.command.map(here))).code, 0);
    assert.equal((await run(check)).code, 0, "the ids are there");
    return new Recipes(directory, engine);
  }

  /** Runs run.sh, less the options of `without`, and waits for the socket. */
  async start(without?: string): Promise<void> {
    const script = `${this.directory}/etc/run.sh`;
    if (without !== undefined) {
      const text = await Deno.readTextFile(script);
      assert.ok(text.includes(`  ${without} \\\n`));
      await Deno.writeTextFile(script, text.replace(`  ${without} \\\n`, ""));
    }
    const { code, err } = await run(["sh", script], {
      DOCKER_HOST: `unix://${this.#engine.socket}`,
      ENGINE: this.#engine.program ?? "docker",
    });
    assert.equal(code, 0, err);
    for (let tries = 0; tries < 300; tries++) {
      if ((await docker(this.socket, ["version"])).code === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail(`the gate does not answer; its log: ${await this.log()}`);
  }

  async log(): Promise<string> {
    const { out, err } = await docker(this.#engine.socket, ["logs", "postern"]);
    return out + err;
  }

  /** Who made each decision so far. */
  async peers(): Promise<AuditLine["peer"][]> {
    const text = await Deno.readTextFile(`${this.directory}/log/audit.jsonl`);
    return text.trim().split("\n").map((line) => (JSON.parse(line) as AuditLine).peer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await docker(this.#engine.socket, ["rm", "-f", "postern"]);
    await Deno.remove(this.directory, { recursive: true });
  }
}

async function run([program, ...args]: readonly string[], env: Record<string, string> = {}) {
  const { code, stderr } = await new Deno.Command(program!, { args, env }).output();
  return { code, err: new TextDecoder().decode(stderr) };
}

/** Runs a container, itself through the gate, in which the docker CLI asks the gate for itself by name. */
async function askFromInside(engine: PrivateEngine, gate: Recipes, user: string) {
  const name = unique("inner");
  const cli = new TextDecoder().decode(
    (await new Deno.Command("sh", { args: ["-c", "readlink -f $(command -v docker)"] }).output())
      .stdout,
  ).trim();
  const host = [`${cli}:/docker`, "/lib:/lib", "/lib64:/lib64", "/usr/lib:/usr/lib"];
  const volumes = [...host.map((one) => `${one}:ro`), `${gate.socket}:/var/run/docker.sock`];
  const command = ["run", "--name", name, "--user", user, "--network", "none"];
  const inside = await docker(engine.socket, [
    ...[...command, ...volumes.flatMap((volume) => ["-v", volume])],
    ...["bb", "/docker", "inspect", "--format", "{{.Id}}", name],
  ]);
  assert.equal(inside.code, 0, inside.err);
  const id = inside.out.trim();
  await docker(engine.socket, ["rm", "-f", name]);
  return {
    id,
    peer: (await gate.peers()).findLast(({ uid }) => uid === Number(user.split(":")[0]))!,
  };
}

const name = "the gate serves from a container that has nothing but what it needs";
Deno.test({
  name: missing === undefined ? name : `${name} (${missing})`,
  ignore: missing !== undefined,
  async fn(t) {
    await using engine = await startPrivateEngine();
    await importPosternImage(engine.socket);
    {
      await using gate = await Recipes.write(engine);
      await gate.start();
      await t.step("its process is nobody, with no capability, under the filter", async () => {
        const format = "{{.State.Pid}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.NetworkMode}}";
        const state = await docker(engine.socket, ["inspect", "--format", format, "postern"]);
        const [pid, readOnly, network] = state.out.trim().split(" ");
        assert.deepEqual([readOnly, network], ["true", "none"]);
        const status = await Deno.readTextFile(`/proc/${pid}/status`);
        const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)![1];
        assert.match(field("Uid")!, new RegExp(`^${UID}\\s${UID}\\s${UID}\\s`));
        for (const set of ["CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
          assert.match(field(set)!, /^0+$/, set);
        }
        assert.deepEqual([field("NoNewPrivs"), field("Seccomp")], ["1", "2"]);
      });
      await t.step("streams and long bodies pass", async () => {
        const echo = ["run", "-i", "--rm", "--network", "none", "bb", "cat"];
        assert.equal((await docker(gate.socket, echo, { stdin: "hello" })).out, "hello");
        const much = ["sh", "-c", "head -c 30000000 /dev/zero"];
        const run = ["run", "--rm", "--network", "none", "bb", ...much];
        assert.equal((await docker(gate.socket, run)).bytes.length, 30_000_000);
        const saved = await docker(gate.socket, ["save", "bb"]);
        const loaded = await docker(gate.socket, ["load"], { stdin: saved.bytes });
        assert.match(loaded.out, /Loaded image/);
      });
      await t.step("a client in a container is told by its uid, pid and container", async () => {
        const { id, peer } = await askFromInside(engine, gate, "4321:4321");
        assert.equal(peer["container"], id);
        assert.ok(Number(peer["pid"]) > 0);
        assert.deepEqual([peer["uid"], peer["gid"], peer["exe"]], [4321, 4321, null]);
      });
      await t.step("changes of the configuration are taken up", async () => {
        const file = `${gate.directory}/etc/postern.yaml`;
        const text = await Deno.readTextFile(file);
        await Deno.writeTextFile(file, text.replace("policy: full", "policy: read-only"));
        for (let tries = 0;; tries++) {
          const { err } = await docker(gate.socket, ["volume", "create", unique("v")]);
          if (/denied for uid 0/.test(err)) break;
          assert.ok(tries < 100, `${err} ${await gate.log()}`);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      });
      await t.step("told to stop, it ends well", async () => {
        assert.equal((await docker(engine.socket, ["stop", "postern"])).code, 0);
        const format = ["--format", "{{.State.ExitCode}}"];
        const { out } = await docker(engine.socket, ["inspect", ...format, "postern"]);
        assert.equal(out.trim(), "0", await gate.log());
        await assert.rejects(Deno.stat(gate.socket));
      });
    }
    await t.step(
      "without the host's pids, a client's process and container are unknown",
      async () => {
        await using gate = await Recipes.write(engine);
        await gate.start("--pid host");
        const { peer } = await askFromInside(engine, gate, "4322:4322");
        assert.deepEqual([peer["uid"], peer["pid"], peer["container"]], [4322, null, null]);
      },
    );
    await t.step("the filter refuses what the gate never does", async () => {
      const file = await Deno.makeTempFile({ dir: "/tmp", prefix: "pc-" });
      await Deno.writeTextFile(file, seccompProfile());
      const attempt = async (profile: string, ...command: string[]) => {
        const options = ["--rm", "--network", "none", "--cap-add", "SYS_ADMIN"];
        const filter = [
          "--security-opt",
          `seccomp=${profile}`,
          "--security-opt",
          "no-new-privileges",
        ];
        const words = ["run", ...options, ...filter, "bb", "busybox", ...command];
        return (await docker(engine.socket, words)).err;
      };
      for (
        const command of [
          ["nc", "127.0.0.1", "1"],
          ["unshare", "-n", "true"],
          ["chroot", "/", "true"],
        ]
      ) {
        const refused = await attempt(file, ...command);
        assert.doesNotMatch(refused, /Error response from daemon/);
        assert.match(refused, /Operation not permitted|permission denied/i, command.join(" "));
        const control = await attempt("unconfined", ...command);
        assert.doesNotMatch(control, /Operation not permitted|permission denied|daemon/i);
      }
      await Deno.remove(file);
    });
  },
});

const missingPodman = missing ?? missingForPodman();
const byPodman = "the same script starts the gate by Podman, before Podman itself";
Deno.test({
  name: missingPodman === undefined ? byPodman : `${byPodman} (${missingPodman})`,
  ignore: missingPodman !== undefined,
  async fn() {
    await using engine = await startPrivatePodman();
    await withPosternImage(async (tar, changes) => {
      const options = changes.flatMap((change) => ["-c", change]);
      await engine.podman("import", ...options, tar, "postern");
    });
    await using gate = await Recipes.write(engine);
    await gate.start();
    const listed = await docker(gate.socket, ["ps", "--format", "{{.Names}}"]);
    assert.equal(listed.out.trim(), "postern");
    const facts = "{{.EffectiveCaps}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.SecurityOpt}}";
    const inspected = await engine.podman("inspect", "--format", facts, "postern");
    assert.match(inspected, /^\[\] true \[no-new-privileges seccomp=\/\S+\]$/m);
    assert.ok((await gate.peers()).every(({ uid, pid }) => uid === Deno.uid() && Number(pid) > 0));
  },
});
