// The plugin as a process, asked as dockerd asks it.
import assert from "node:assert/strict";
import { runAs } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";

async function withFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "pp-" });
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What the plugin says of a request of alice's. */
async function asked(socket: string, method: string, target: string): Promise<boolean> {
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  const question = {
    User: "alice",
    UserAuthNMethod: "TLS",
    RequestMethod: method,
    RequestUri: target,
  };
  const response = await fetch("http://plugin/AuthZPlugin.AuthZReq", {
    method: "POST",
    body: JSON.stringify(question),
    client,
  });
  const { Allow } = await response.json();
  client.close();
  return Allow;
}

const settings = (socket: string, policy: string, more = "") =>
  `authz: { anonymous: full, users: { alice: ${policy} }, socket: ${socket} }\naudit: off\n${more}`;

async function writeConfig(file: string, text: string): Promise<void> {
  await Deno.writeTextFile(file, text, { mode: 0o600 });
}

Deno.test("a change of authz counts from the next question on", async () => {
  await withFolder(async (folder) => {
    const [file, socket] = [`${folder}/postern.yaml`, `${folder}/run/p.sock`];
    await writeConfig(file, settings(socket, "read-only"));
    await using gate = await RunningGate.start(["serve", "-c", file], [socket]);
    assert.equal(await asked(socket, "POST", "/containers/x/stop"), false);
    await writeConfig(file, settings(socket, "operator"));
    await gate.says(/configuration taken up: authz changed/);
    assert.equal(await asked(socket, "POST", "/containers/x/stop"), true);
    await writeConfig(file, settings(socket, "nobody-knows"));
    await gate.says(/the configuration stays as it was/);
    assert.equal(await asked(socket, "POST", "/containers/x/stop"), true);
    await writeConfig(file, settings(`${folder}/other.sock`, "full"));
    await gate.says(/not taken up until a restart: authz\.socket/);
  });
});

Deno.test("authz opens the plugin where it is told, no listener, and ends when it is told", async () => {
  await withFolder(async (folder) => {
    const [file, socket] = [`${folder}/postern.yaml`, `${folder}/other.sock`];
    const more = `listeners: [{ socket: ${folder}/gate.sock }]\ndrain: 1h\n`;
    await writeConfig(file, settings(`${folder}/p.sock`, "read-only", more));
    const args = ["authz", "-c", file, "--socket", socket];
    await using gate = await RunningGate.start(args, [socket]);
    assert.equal(await asked(socket, "GET", "/v1.41/containers/json"), true);
    for (const absent of ["gate.sock", "p.sock"]) {
      await assert.rejects(Deno.lstat(`${folder}/${absent}`), Deno.errors.NotFound);
    }
    assert.equal((await gate.stop()).code, 0);
    await assert.rejects(Deno.lstat(socket), Deno.errors.NotFound);
  });
});

Deno.test("a live plugin is not pushed aside, a dead one's socket is", async () => {
  await withFolder(async (folder) => {
    const [file, socket] = [`${folder}/postern.yaml`, `${folder}/p.sock`];
    await writeConfig(file, settings(socket, "full"));
    await using first = await RunningGate.start(["authz", "-c", file], [socket]);
    await assert.rejects(
      RunningGate.start(["authz", "-c", file], [socket]),
      /p\.sock is in use: pid \d+/,
    );
    await first.stop("SIGKILL");
    assert.ok((await Deno.lstat(socket)).isSocket);
    await using _second = await RunningGate.start(["authz", "-c", file], [socket]);
    assert.equal(await asked(socket, "GET", "/info"), true);
  });
});

Deno.test({
  name: "a plugin that is not root any more answers, and root alone can ask it",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    await withFolder(async (folder) => {
      const [file, socket] = [`${folder}/postern.yaml`, `${folder}/run/p.sock`];
      await Deno.chmod(folder, 0o755);
      await writeConfig(file, settings(socket, "read-only", "run_as: { user: nobody }\n"));
      await using gate = await RunningGate.start(["serve", "-c", file], [socket]);
      await gate.says(/runs as nobody/);
      assert.equal(await asked(socket, "GET", "/v1.41/containers/json"), true);
      assert.equal(await asked(socket, "POST", "/containers/create"), false);
      const { code } = await runAs({ uid: 1002 }, ["sh", "-c", `test -w ${socket}`]);
      assert.equal(code, 1);
    });
  },
});
