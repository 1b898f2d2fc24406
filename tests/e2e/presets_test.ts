// Presets before a real engine, with docker's own command line doing what their clients do.
import assert from "node:assert/strict";
import { type As, docker, engineSocket, engineTest, unique } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";

const client: As = { uid: 1001 };

/** A gate with one listener, and a client of it that fails with what docker said. */
async function gateFor(policy: string, files: Record<string, string> = {}) {
  const gate = await RunningGate.serve({
    upstream: engineSocket,
    listeners: [{ socket: "DIR/s.sock", user: client.uid, policy }],
    ...(Object.keys(files).length === 0 ? {} : { policies: "policies/" }),
  }, files);
  const run = (args: readonly string[], stdin?: string) =>
    docker(`${gate.directory}/s.sock`, args, {
      as: client,
      ...(stdin === undefined ? {} : { stdin }),
    });
  return {
    gate,
    async does(args: readonly string[], stdin?: string): Promise<string> {
      const { code, out, err } = await run(args, stdin);
      assert.equal(code, 0, `docker ${args.join(" ")}: ${err}`);
      return out;
    },
    async isDenied(args: readonly string[], why: RegExp): Promise<void> {
      const { code, err } = await run(args);
      assert.notEqual(code, 0, args.join(" "));
      assert.match(err, why, args.join(" "));
    },
  };
}

/** A container that somebody else has made, past the gate. */
async function another(...flags: string[]): Promise<string> {
  const name = unique("other");
  const args = ["run", "-d", "--name", name, "--network", "none", ...flags, "bb", "sleep", "600"];
  const { code, err } = await docker(engineSocket, args);
  assert.equal(code, 0, err);
  return name;
}

const remove = (...names: string[]) => docker(engineSocket, ["rm", "-f", "-v", ...names]);
const loop = ["bb", "sh", "-c", "echo up; while :; do sleep 0.1; done"];

engineTest(
  "compose-project: a project goes up and down, beside one that is not touched",
  async () => {
    const { gate, does, isDenied } = await gateFor("compose-project");
    await using _ = gate;
    const project = "com.docker.compose.project=web";
    const other = await another("--label", project);
    const [name, volume] = [unique("web"), `web_${unique("data")}`];
    try {
      await does(["volume", "create", "--label", project, volume]);
      const mounted = ["-v", `${volume}:/data`, "--label", project, "--network", "none"];
      await does(["create", "--name", name, ...mounted, ...loop]);
      await does(["start", name]);
      assert.match(
        await does(["inspect", "--format", "{{json .Config.Labels}}", name]),
        /"postern.preset":"compose-project"/,
      );
      assert.equal(await does(["exec", "-i", name, "cat"], "through\n"), "through\n");
      assert.match(await does(["logs", name]), /up/);
      assert.match(await does(["ps", "--filter", `label=${project}`]), new RegExp(name));
      await does(["restart", "-t", "0", name]);
      await does(["rename", name, `old-${name}`]);

      await isDenied(["exec", other, "true"], /containers: .* is not among/);
      await isDenied(["rm", "-f", other], /containers: /);
      await isDenied(["run", "--label", project, "-v", "/etc:/x", "bb"], /host_mounts: \/etc/);
      await isDenied(["run", "bb"], /required_labels: .*com.docker.compose.project/);
      const forged = ["--label", project, "--label", "postern.preset=x", "--network", "none"];
      await isDenied(["create", ...forged, "bb"], /required_labels: .*postern.preset/);

      await does(["stop", "-t", "0", `old-${name}`]);
      await does(["rm", "-v", `old-${name}`]);
    } finally {
      await remove(name, `old-${name}`, other);
      await docker(engineSocket, ["volume", "rm", volume]);
    }
  },
);

engineTest(
  "github-actions: a job's container and an action, with the work folder alone",
  async () => {
    const policy = "name: runner\nextends: github-actions\n" +
      "constraints: { containers.create: { host_mounts: [/tmp/**] } }\n";
    const { gate, does, isDenied } = await gateFor("runner", { "policies/runner.yaml": policy });
    await using _ = gate;
    const other = await another();
    const work = await Deno.makeTempDir({ dir: "/tmp", prefix: "pw-" });
    const name = unique("job");
    try {
      await does(["version", "--format", "{{.Server.APIVersion}}"]);
      await does(["ps", "--all", "--quiet", "--no-trunc", "--filter", "label=4bbd5c"]);
      const flags = [
        "--label",
        "4bbd5c",
        "--network",
        "none",
        "-v",
        `${work}:/__w`,
        "-e",
        "CI=true",
      ];
      const job = ["--workdir", "/__w", "--entrypoint", "sh", "bb", "-c", loop.at(-1)!];
      const id = (await does(["create", "--name", name, ...flags, ...job])).trim();
      await does(["start", id]);
      await does(["exec", "-i", "-e", "X=y", id, "sh", "-e"], "echo $X > /__w/step\n");
      assert.equal(await Deno.readTextFile(`${work}/step`), "y\n");
      await does(["logs", "--details", id]);
      await does(["port", id]);
      const action = await does(["run", "--rm", ...flags, "bb", "cat", "/__w/step"]);
      assert.equal(action, "y\n");

      const socket = "/var/run/docker.sock:/var/run/docker.sock";
      await isDenied(["create", ...flags, "-v", socket, "bb"], /host_mounts: /);
      await isDenied(["exec", other, "true"], /containers: /);
      await isDenied(["build", "-t", "bb", work], /images: |denied/);
      await does(["rm", "--force", id]);
    } finally {
      await remove(name, other);
      await Deno.remove(work, { recursive: true });
    }
  },
);

engineTest("gitlab-runner: a job reads its script from attach, and keeps a cache", async () => {
  const { gate, does, isDenied } = await gateFor("gitlab-runner");
  await using _ = gate;
  const other = await another("--label", "com.gitlab.gitlab-runner.managed=true");
  const name = `runner-${unique("build")}`;
  const cache = `${name}-cache`;
  try {
    const image = (await does(["inspect", "--type", "image", "--format", "{{.Id}}", "bb"])).trim();
    await does(["volume", "create", cache]);
    const flags = ["-i", "--name", name, "--network", "none", "-v", `${cache}:/cache`];
    await does(["create", ...flags, image, "sh"]);
    const script = "echo kept > /cache/x; cat /cache/x; exit\n";
    assert.equal(await does(["start", "-a", "-i", name], script), "kept\n");
    assert.equal(await does(["wait", name]), "0\n");

    await isDenied(["start", "-a", other], /containers: /);
    await isDenied(["run", "--name", `${name}-2`, "-v", "portainer_data:/x", "bb"], /volumes: /);
    await isDenied(["volume", "rm", "portainer_data"], /volumes: /);
    await isDenied(["run", "--name", `${name}-2`, "--privileged", "bb"], /privileged: /);
    await does(["rm", "-f", "-v", name]);
    await does(["volume", "rm", cache]);
  } finally {
    await remove(name, other);
    await docker(engineSocket, ["volume", "rm", "-f", cache]);
  }
});
