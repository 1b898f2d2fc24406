// Presets and examples, each held against the requests of the clients that it is for: the tables in policies/tests.
import assert from "node:assert/strict";
import { presetNames } from "../../../lib/config/presets.ts";
import { command, withFiles } from "../cli/fake_world.ts";

const policies = new URL("../../../policies/", import.meta.url);
const tests = new URL("tests/", policies);
const examples = new URL("examples/", policies);

const yamlIn = (folder: URL) =>
  [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".yaml"))
    .map((name) => name.slice(0, -".yaml".length)).sort();
const textOf = (name: string, folder: URL) =>
  Deno.readTextFileSync(new URL(`${name}.yaml`, folder));

Deno.test("every preset that ships can be named, and no other", () => {
  assert.deepEqual(yamlIn(policies), presetNames.toSorted());
  for (const name of presetNames) {
    assert.match(textOf(name, policies), new RegExp(`^name: ${name}$`, "m"));
  }
});

Deno.test("every preset and every example has a table", () => {
  assert.deepEqual(yamlIn(tests), [...presetNames, ...yamlIn(examples)].sort());
});

for (const name of yamlIn(tests)) {
  Deno.test(`the policy ${name} gives its client what it asks for, and no more`, async () => {
    const isPreset = presetNames.includes(name);
    const files = {
      "postern.yaml": `listeners: [{ socket: DIR/s.sock, policy: ${name} }]\naudit: off\n` +
        (isPreset ? "" : "policies: policies/\n"),
      ...isPreset ? {} : { [`policies/${name}.yaml`]: textOf(name, examples) },
    };
    await withFiles(files, async (directory) => {
      const table = new URL(`${name}.yaml`, tests).pathname;
      const config = `${directory}/postern.yaml`;
      const { code, out, err } = await command(["check", "-c", config, "--tests", table]);
      assert.equal(err, "");
      assert.equal(code, 0, out);
    });
  });
}

Deno.test("presets give no root away, but for the one whose protocol cannot be read", async () => {
  const giving: string[] = [];
  for (const name of presetNames) {
    const config = `listeners: [{ socket: DIR/s.sock, policy: ${name} }]\naudit: off\n`;
    await withFiles({ "postern.yaml": config }, async (directory) => {
      const { out } = await command(["check", "-c", `${directory}/postern.yaml`, "--json"]);
      const { gives_root, presets } = JSON.parse(out);
      assert.ok(presets.includes(name));
      giving.push(...Object.keys(gives_root));
    });
  }
  assert.deepEqual(giving, ["ci-buildx"]);
});

Deno.test("the README of the presets lists each, and what it shows works", async () => {
  const readme = Deno.readTextFileSync(new URL("README.md", policies));
  const listed = [...readme.matchAll(/^\| \[([a-z-]+)\]\(\1\.yaml\)/gm)].map(([, name]) => name!);
  assert.deepEqual(listed.toSorted(), presetNames.toSorted());
  const [, policy, table] = [...readme.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) =>
    text!
  );
  const files = {
    "postern.yaml": "listeners: [{ socket: DIR/s.sock, policy: team-web }]\naudit: off\n" +
      "policies: policies/\n",
    "policies/team-web.yaml": textOf("team-web", examples),
    "policies/updates.yaml": policy!,
    "table.yaml": table!,
  };
  await withFiles(files, async (directory) => {
    const config = `${directory}/postern.yaml`;
    const said = await command(["check", "-c", config, "--tests", `${directory}/table.yaml`]);
    assert.deepEqual(said, { code: 0, out: "3 tests, 0 failed\n", err: "" });
  });
});

async function explained(policy: string, ...words: string[]) {
  const config = `listeners: [{ socket: DIR/s.sock, policy: ${policy} }]\naudit: off\n`;
  let out = "";
  await withFiles({ "postern.yaml": config }, async (directory) => {
    const flags = ["-c", `${directory}/postern.yaml`, "--uid", "0", "--offline", "--json"];
    out = (await command(["explain", ...flags, "--", "docker", ...words])).out;
  });
  return JSON.parse(out).requests;
}

Deno.test("what would permit a thing is said of a policy that extends the preset", async () => {
  const [stop] = await explained("traefik", "stop", "web");
  assert.equal(
    stop.hint,
    '"allow: [containers.stop]" in a policy that extends traefik would permit it',
  );
  const [build] = await explained("ci-build", "build", "-t", "nginx", ".");
  assert.match(build.hint, /^"constraints: .*" in a policy that extends ci-build would permit it$/);
});

Deno.test("a docker command line may use what it makes by the label that the preset fills in", async () => {
  const project = "com.docker.compose.project=web";
  const requests = await explained("compose-project", "run", "-l", project, "alpine");
  assert.deepEqual(
    requests.map((step: { decision: string }) => step.decision),
    Array(5).fill("allow"),
  );
});
