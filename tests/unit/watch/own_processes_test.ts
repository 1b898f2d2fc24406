import assert from "node:assert/strict";
import { startOf } from "../../../lib/watch/process.ts";
import { OwnProcesses } from "../../../lib/watch/own_processes.ts";
import { which } from "../../support/private_engine.ts";

const absent = which("perl") === undefined
  ? "perl not found (apt-get install perl-base)"
  : undefined;

/** A process that listens at a path, tells its child's pid when it has one, and waits for the end of its input. */
const listening = (child: boolean) => `
use Socket;
$^F = 255;
socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die;
bind($s, pack_sockaddr_un($ARGV[0])) or die;
listen($s, 9) or die;
$| = 1;
my $pid = ${child ? "fork" : "$$"};
die unless defined $pid;
if ($pid == 0) { sleep 600; exit; }
print "$pid\\n";
<STDIN>;
kill 9, $pid if $pid != $$;
`;

/** Started, with what it printed: its own pid, or its child's. */
async function listener(path: string, child = false) {
  const process = new Deno.Command("perl", {
    args: ["-e", listening(child), path],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  return {
    pid: process.pid,
    told: Number(new TextDecoder().decode(value)),
    async end() {
      await process.stdin.close();
      await reader.cancel();
      await process.status;
    },
  };
}

function perlTest(name: string, fn: (folder: string) => Promise<void>): void {
  Deno.test({
    name: absent === undefined ? name : `${name} (${absent})`,
    ignore: absent !== undefined,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "pw-" });
      try {
        await fn(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

perlTest("who listens on an intercept socket is Postern, and nobody else", async (folder) => {
  const gate = await listener(`${folder}/ci.sock`);
  const other = await listener(`${folder}/other.sock`);
  const own = new OwnProcesses([`${folder}/ci.sock`], assert.fail);
  assert.equal(own.describe(), `Postern is process ${gate.pid}`);
  assert.equal(own.has(gate.pid), true);
  assert.equal(own.has(other.pid), false);
  assert.equal(own.has(Deno.pid), false);
  assert.deepEqual(own.running(), [{ pid: gate.pid, began: startOf(gate.pid) }]);
  await gate.end();
  assert.deepEqual(own.running(), []);
  await other.end();
});

perlTest("a Postern that starts later is known, and one that takes its place", async (folder) => {
  const path = `${folder}/ci.sock`;
  const own = new OwnProcesses([path], assert.fail);
  assert.equal(own.describe(), "Postern does not run");
  const first = await listener(path);
  assert.equal(own.has(first.pid), true);
  await first.end();
  await Deno.remove(path);
  const second = await listener(path);
  assert.equal(own.has(second.pid), true);
  assert.deepEqual(own.running().map(({ pid }) => pid), [second.pid]);
  await second.end();
});

perlTest(
  "a stranger is asked about again after a second: it may open its sockets",
  async (folder) => {
    const path = `${folder}/ci.sock`;
    const own = new OwnProcesses([path], assert.fail);
    const process = await listener(`${folder}/late.sock`);
    assert.equal(own.has(process.pid, undefined, 10_000), false);
    await Deno.rename(`${folder}/late.sock`, path);
    assert.equal(own.has(process.pid, undefined, 10_999), false);
    assert.equal(own.has(process.pid, undefined, 11_000), true);
    await process.end();
  },
);

perlTest(
  "of a service manager's sockets, who holds one is Postern, the manager is not",
  async (folder) => {
    const path = `${folder}/ci.sock`;
    const manager = await listener(path, true);
    const other = await listener(`${folder}/other.sock`);
    const own = new OwnProcesses([path], assert.fail, [], manager.pid);
    assert.equal(own.describe(), "Postern is who takes the sockets of the service manager's");
    assert.equal(own.has(manager.told), true);
    assert.equal(own.has(manager.pid), false);
    assert.equal(own.has(other.pid), false);
    await other.end();
    await manager.end();
  },
);

const root = absent ?? (Deno.uid() === 0 ? undefined : "needs root");

Deno.test({
  name:
    `who listens from inside a container is told of once, and is not Postern until its cgroup is named${
      root === undefined ? "" : ` (${root})`
    }`,
  ignore: root !== undefined,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "pw-" });
    const path = `${folder}/ci.sock`;
    const container = new Deno.Command("unshare", {
      args: ["--pid", "--fork", "perl", "-e", listening(false), path],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const reader = container.stdout.getReader();
    await reader.read();
    const children = `/proc/${container.pid}/task/${container.pid}/children`;
    const pid = Number(await Deno.readTextFile(children));
    const warnings: string[] = [];
    const own = new OwnProcesses([path], (message) => warnings.push(message));
    assert.equal(own.describe(), "Postern does not run");
    assert.equal(own.has(pid), false);
    assert.deepEqual(own.running(), []);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0]!,
      new RegExp(`^process ${pid} listens at ${path} from inside a container`),
    );
    const [cgroup] = (await Deno.readTextFile(`/proc/${pid}/cgroup`)).split("\n")
      .map((line) => line.split(":").slice(2).join(":"));
    const named = new OwnProcesses([path], assert.fail, [cgroup!.replace(/\/$/, "")]);
    assert.equal(named.has(pid), true);
    const other = new OwnProcesses([path], () => {}, [`${cgroup!.replace(/\/$/, "")}/other`]);
    assert.equal(other.has(pid), false);
    await container.stdin.close();
    await reader.cancel();
    await container.status;
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("without sockets of its own, its connections cannot be told from others'", () => {
  const own = new OwnProcesses([], assert.fail);
  assert.match(own.describe(), /listens on TCP alone/);
  assert.equal(own.has(Deno.pid), false);
});
