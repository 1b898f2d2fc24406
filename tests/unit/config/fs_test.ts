import assert from "node:assert/strict";
import { join } from "node:path";
import { denoFs } from "../../../lib/config/fs.ts";
import { loadConfig } from "../../../lib/config/load.ts";
import { walk } from "../../../lib/config/walk.ts";
import { names } from "./fakes.ts";

function inFolder(test: (folder: string) => void): () => void {
  return () => {
    const folder = Deno.makeTempDirSync();
    try {
      test(folder);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

function write(file: string, text: string, mode = 0o644): string {
  Deno.writeTextFileSync(file, text);
  Deno.chmodSync(file, mode);
  return file;
}

Deno.test(
  "a file is read with its owner and mode",
  inFolder((folder) => {
    const file = write(join(folder, "a"), "größe\n", 0o640);
    const expected = {
      kind: "file",
      uid: Deno.uid(),
      gid: Deno.gid(),
      mode: 0o640,
      text: "größe\n",
    };
    assert.deepEqual(denoFs.read(file), expected);
    assert.deepEqual(denoFs.list(folder), ["a"]);
  }),
);

Deno.test(
  "what cannot be read says why in the kernel's words",
  inFolder((folder) => {
    const missing = { failure: "ENOENT (No such file or directory)" };
    assert.deepEqual(denoFs.read(join(folder, "none")), missing);
    assert.deepEqual(denoFs.stat(join(folder, "none")), missing);
    assert.deepEqual(denoFs.list(join(folder, "none")), missing);
    assert.equal(denoFs.realPath(join(folder, "none")), undefined);
  }),
);

Deno.test(
  "the way to a file is walked link by link, as the kernel does",
  inFolder((made) => {
    const folder = Deno.realPathSync(made);
    Deno.mkdirSync(join(folder, "v1/deep"), { recursive: true });
    write(join(folder, "v1/a"), "");
    Deno.symlinkSync("v1/deep", join(folder, "current"));
    Deno.symlinkSync(`${folder}/current/../a`, join(folder, "link"));
    const names = walk(denoFs, join(folder, "link")).map(({ path }) => path);
    const inside = ["link", "current", "v1", "v1/deep", "v1", "v1/a"];
    const own = names.filter((name) => name.startsWith(`${folder}/`));
    assert.deepEqual(own, inside.map((name) => join(folder, name)));
    assert.equal(names.at(-1), Deno.realPathSync(join(folder, "link")));
    const missing = walk(denoFs, join(folder, "none/x")).at(-1)!;
    assert.deepEqual([missing.path, "failure" in missing.stat], [join(folder, "none"), true]);
  }),
);

Deno.test(
  "a file behind a folder that others can write is refused, by the folder's name",
  inFolder((made) => {
    const folder = Deno.realPathSync(made);
    const open = join(folder, "open");
    Deno.mkdirSync(join(open, "etc"), { recursive: true });
    const file = write(join(open, "etc/postern.yaml"), "listeners: [{ socket: /p.sock }]\n");
    const load = () => loadConfig({ file, env: {}, overrides: {}, names, fs: denoFs });
    assert.ok(load().ok);
    Deno.chmodSync(open, 0o775);
    const result = load();
    assert.ok(!result.ok);
    assert.deepEqual(result.diagnostics.map(({ code, file }) => [code, file]), [
      ["untrusted", open],
    ]);
  }),
);

Deno.test("a folder and a device are no files, and are not opened", () => {
  for (const [path, kind] of [["/", "directory"], ["/dev/null", "other"]] as const) {
    const found = denoFs.read(path);
    assert.ok(!("failure" in found));
    assert.deepEqual([found.kind, found.text], [kind, undefined]);
  }
});

Deno.test(
  "bytes that are not UTF-8 are refused",
  inFolder((folder) => {
    const file = join(folder, "a");
    Deno.writeFileSync(file, new Uint8Array([0x61, 0xff]));
    assert.deepEqual(denoFs.read(file), { failure: "it is not UTF-8" });
  }),
);

Deno.test(
  "the example policy loads from real files, and a group-writable one does not",
  inFolder((folder) => {
    const example = new URL("../../../policies/examples/team-ci.yaml", import.meta.url);
    const policy = write(join(folder, "team-ci.yaml"), Deno.readTextFileSync(example));
    const yaml =
      `listeners: [{ socket: ${folder}/p.sock, policy: team-ci }]\npolicies: team-ci.yaml\n`;
    const file = write(join(folder, "postern.yaml"), yaml);
    const options = { file, env: {}, overrides: {}, names, fs: denoFs };

    const result = loadConfig(options);
    assert.ok(result.ok, JSON.stringify(result));
    const verdicts = result.config.gate.policies["team-ci"]?.verdicts;
    assert.equal(verdicts?.["containers.start"]?.allow, true);
    for (const closed of ["containers.create", "containers.exec", "containers.top"]) {
      assert.equal(verdicts?.[closed]?.allow, false);
    }

    Deno.chmodSync(policy, 0o664);
    const refused = loadConfig(options);
    assert.ok(!refused.ok);
    assert.deepEqual(refused.diagnostics.map(({ code }) => code), ["untrusted"]);
  }),
);
