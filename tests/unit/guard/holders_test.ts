import assert from "node:assert/strict";
import { findHolders, type Holder } from "../../../lib/guard/holders.ts";
import { close } from "../../../lib/linux/io.ts";
import { startOf } from "../../../lib/watch/process.ts";
import { untilListening } from "../../support/listening.ts";
import { which } from "../../support/private_engine.ts";

const absent = Deno.uid() !== 0
  ? "needs root"
  : which("socat") === undefined
  ? "socat not found (apt-get install socat)"
  : undefined;

function rootTest(name: string, fn: (folder: string) => Promise<void>): void {
  Deno.test({
    name: absent === undefined ? name : `${name} (${absent})`,
    ignore: absent !== undefined,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "pg-" });
      try {
        await fn(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** Holders, with their pidfds closed. */
function holders(paths: readonly string[], known: readonly number[] = []): Omit<Holder, "pidfd">[] {
  return findHolders(paths, new Set(known)).map(({ pidfd, ...holder }) => {
    close(pidfd);
    return holder;
  });
}

/** A process that listens at a path, from a network namespace of its own when that is wanted. */
async function listener(path: string, before: readonly string[] = []): Promise<Deno.ChildProcess> {
  const [program, ...args] = [...before, "socat", `UNIX-LISTEN:${path},fork`, "OPEN:/dev/null"];
  const child = new Deno.Command(program!, { args, stdin: "null", stderr: "null" }).spawn();
  await untilListening(child.pid, path);
  return child;
}

async function end(child: Deno.ChildProcess): Promise<void> {
  child.kill();
  await child.status;
}

const facts = (pid: number, path: string, uid = 0) => ({
  pid,
  uid,
  start: BigInt(startOf(pid)!),
  paths: [path],
});

rootTest("who listens at a path is found, with when it began and whose it is", async (folder) => {
  const child = await listener(`${folder}/a.sock`, ["setpriv", "--reuid=0", "--clear-groups"]);
  assert.deepEqual(holders([`${folder}/a.sock`]), [facts(child.pid, `${folder}/a.sock`)]);
  assert.deepEqual(holders([`${folder}/a.sock`], [child.pid]), []);
  assert.deepEqual(holders([`${folder}/none.sock`]), []);
  await Deno.symlink("a.sock", `${folder}/link`);
  assert.deepEqual(holders([`${folder}/link`]), [facts(child.pid, `${folder}/link`)]);
  await end(child);
  assert.deepEqual(holders([`${folder}/a.sock`]), []);
});

rootTest("another user's is told as that user's", async (folder) => {
  await Deno.chmod(folder, 0o777);
  const as = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"];
  const child = await listener(`${folder}/a.sock`, as);
  assert.deepEqual(holders([`${folder}/a.sock`]), [facts(child.pid, `${folder}/a.sock`, 65533)]);
  await end(child);
});

rootTest(
  "a listener of a network namespace of its own, as a container has, is found",
  async (folder) => {
    const child = await listener(`${folder}/a.sock`, ["unshare", "--net"]);
    assert.deepEqual(holders([`${folder}/a.sock`]), [facts(child.pid, `${folder}/a.sock`)]);
    await end(child);
  },
);

rootTest(
  "a socket that stood at the path before is not the one that stands there",
  async (folder) => {
    const first = await listener(`${folder}/first.sock`);
    await Deno.rename(`${folder}/first.sock`, `${folder}/a.sock`);
    assert.deepEqual(holders([`${folder}/a.sock`]), [facts(first.pid, `${folder}/a.sock`)]);
    await Deno.remove(`${folder}/a.sock`);
    const second = await listener(`${folder}/a.sock`);
    assert.deepEqual(holders([`${folder}/a.sock`]), [facts(second.pid, `${folder}/a.sock`)]);
    await end(first);
    await end(second);
  },
);

rootTest("a socket of the same name in another mount namespace is another one", async (folder) => {
  const child = await listener(`${folder}/a.sock`);
  const script =
    `mount -t tmpfs tmpfs ${folder}; exec socat UNIX-LISTEN:${folder}/a.sock,fork OPEN:/dev/null`;
  const other = new Deno.Command("unshare", { args: ["-m", "sh", "-c", script] }).spawn();
  const inside = `/proc/${other.pid}/root${folder}/a.sock`;
  const holdsIt = () => holders([inside]).some(({ pid }) => pid === other.pid);
  for (let tries = 0; tries < 3000 && !holdsIt(); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(holders([inside]).map(({ pid }) => pid), [other.pid]);
  assert.deepEqual(holders([`${folder}/a.sock`]), [facts(child.pid, `${folder}/a.sock`)]);
  await end(other);
  await end(child);
});
