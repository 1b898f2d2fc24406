import assert from "node:assert/strict";
import { u32, u64 } from "../../../lib/guard/layout.ts";
import { GateProcesses } from "../../../lib/guard/processes.ts";
import { isAlive } from "../../../lib/linux/peercred.ts";
import { startOf } from "../../../lib/watch/process.ts";
import { untilListening } from "../../support/listening.ts";
import { which } from "../../support/private_engine.ts";
import { testInRootFolder } from "./root_folder.ts";

const absent = Deno.uid() !== 0
  ? "needs root"
  : which("socat") === undefined
  ? "socat not found (apt-get install socat)"
  : undefined;

class Scene {
  readonly may = new Map<string, string>();
  readonly said: string[] = [];
  readonly processes: GateProcesses;
  readonly folder: string;
  readonly socket: string;

  constructor(folder: string, uids: readonly number[] = []) {
    this.folder = folder;
    this.socket = `${folder}/ci.sock`;
    this.processes = new GateProcesses(
      {
        set: (_map, key, value) => void this.may.set(String(key), String(value)),
        remove: (_map, key) => void this.may.delete(String(key)),
      },
      {
        upstreams: [],
        intercepts: [this.socket],
        owners: new Set([0]),
        uids,
        cgroups: [],
      },
      { info: (text) => void this.said.push(text), warn: (text) => void this.said.push(text) },
    );
  }

  mayConnect(pid: number): boolean {
    return this.may.get(String(u32(pid))) === String(u64(BigInt(startOf(pid) ?? 0)));
  }

  async listen(before: readonly string[] = []): Promise<Deno.ChildProcess> {
    const [program, ...args] = [...before, "socat", `UNIX-LISTEN:${this.socket},fork`, "STDIO"];
    const child = new Deno.Command(program!, { args, stdin: "null", stderr: "null" }).spawn();
    await untilListening(child.pid, this.socket);
    return child;
  }
}

const rootTest = testInRootFolder.bind(undefined, absent);

async function end(child: Deno.ChildProcess): Promise<void> {
  // unshare(1) waits for its child, whatever signal comes but this one.
  child.kill("SIGKILL");
  await child.status;
}

rootTest("root's process at the socket may connect until it has ended", async (folder) => {
  const scene = new Scene(folder);
  const child = await scene.listen();
  scene.processes.follow();
  scene.processes.follow();
  assert.ok(scene.mayConnect(child.pid));
  const [pidfd] = scene.processes.pidfds();
  assert.ok(isAlive(pidfd!));
  scene.processes.forget(new Set());
  assert.equal(scene.may.size, 1);
  await end(child);
  scene.processes.forget(new Set([pidfd!]));
  assert.equal(scene.may.size, 0);
  assert.deepEqual(scene.said, [
    `process ${child.pid} is Postern's, and may connect`,
    `process ${child.pid} has ended, and may not connect any more`,
  ]);
  scene.processes.close();
});

const other = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"];

rootTest(
  "another user's in a folder that it may write is told of once, and may not",
  async (folder) => {
    await Deno.chmod(folder, 0o777);
    const scene = new Scene(folder);
    const child = await scene.listen(other);
    scene.processes.follow();
    scene.processes.follow();
    assert.equal(scene.may.size, 0);
    assert.equal(scene.said.length, 1);
    assert.match(scene.said[0]!, /of uid 65533 holds .*others than root can put sockets there/);
    await end(child);
  },
);

rootTest(
  "another user's in root's own folder is a service's, to which root has given it",
  async (folder) => {
    await Deno.chmod(folder, 0o777);
    const scene = new Scene(folder);
    const child = await scene.listen(other);
    await Deno.chmod(folder, 0o755);
    scene.processes.follow();
    assert.ok(scene.mayConnect(child.pid));
    await end(child);
    scene.processes.close();
  },
);

rootTest(
  "root's in a container is told of, and may not; one that is named is not told of",
  async (folder) => {
    const scene = new Scene(folder);
    const named = new Scene(folder, [0]);
    const child = await scene.listen(["unshare", "--pid", "--fork", "--kill-child"]);
    scene.processes.follow();
    named.processes.follow();
    assert.equal(scene.may.size + named.may.size, 0);
    assert.match(scene.said.join("\n"), /^process \d+ of uid 0 holds .*, but is in a container/);
    assert.deepEqual(named.said, []);
    await end(child);
  },
);
