// Runs inside a virtual machine, as its only user: plays an engine, starts Postern and its guard, and tries the real socket.
import {
  ask,
  askAs,
  asking,
  CONFIG,
  ENGINE,
  Engine,
  exists,
  GATE,
  Program,
  setUp,
  step,
  until,
} from "./machine.ts";
import { tryWays } from "./ways.ts";

const ALLOWED_USER = 1234;
const OTHER_USER = 1235;
const SEEN = "/tmp/seen";
const PINS = "/sys/fs/bpf/postern";
const guard = ["guard", "-c", CONFIG, "--json"];
const allow = ["--allow-uid", String(ALLOWED_USER), "--allow-cgroup", "/backup"];

const brief = (lines: Record<string, unknown>[]) =>
  lines.map(({ event, socket, uid, pid, exe }) => ({
    event,
    socket,
    uid,
    own: pid === Deno.pid,
    exe,
  }));

async function unsupported(): Promise<void> {
  const program = new Program(guard);
  step("without bpf", { code: await program.over(), err: program.err });
}

/** Who may connect, by whatever way, and what is told. */
async function who(): Promise<void> {
  setUp("run_as: { user: postern }\n");
  new Engine(ENGINE);
  const serve = await new Program(["serve", "-c", CONFIG]).says(/listening on/);
  step("before", await ask(ENGINE));

  Deno.mkdirSync("/sys/fs/cgroup/backup/job", { recursive: true });
  const sealed = await new Program([...guard, ...allow]).says(/ready/);
  step("the try", /a try of our own was refused/.test(sealed.err));
  const status = Deno.readTextFileSync(`/proc/${serve.child.pid}/status`);
  step("Postern's uid", /^Uid:\t(\d+)/m.exec(status)?.[1]);
  step("root, around", await ask(ENGINE));
  step("through Postern", await ask(GATE));
  step("an allowed user", (await askAs(asking(ENGINE), { uid: ALLOWED_USER })).said);
  step("another user", (await askAs(asking(ENGINE), { uid: OTHER_USER })).said);
  const join = "echo $$ >/sys/fs/cgroup/backup/job/cgroup.procs";
  step("below an allowed cgroup", (await askAs(`${join}; ${asking(ENGINE)}`)).said);
  step("events", brief(await sealed.lines(2)));

  await tryWays();
  step("of ways", (await sealed.lines(11)).slice(2).map(({ container }) => container));
  const elsewhere = new Engine("/tmp/docker.sock");
  step("the same name elsewhere", await ask("/tmp/docker.sock"));
  await elsewhere.end();
  const abstract = new Deno.Command("socat", {
    args: ["ABSTRACT-LISTEN:/run/docker.sock,fork", "SYSTEM:cat"],
  }).spawn();
  await until(() => Deno.readTextFileSync("/proc/net/unix").includes("@/run/docker.sock"));
  step("an abstract one", (await askAs(asking(ENGINE, "ABSTRACT-CONNECT"))).said);
  abstract.kill();

  // We are Postern now; who we start is not.
  await serve.end();
  if (exists(GATE)) Deno.removeSync(GATE);

  // A container that has the folder mounted puts a socket of its own there.
  const own = ["deno", "run", "-A", import.meta.filename!, "impostor"];
  const impostor = new Deno.Command("busybox", { args: ["unshare", "-p", "-f", ...own] }).spawn();
  await sealed.says(/but is in a container/);
  Deno.writeTextFileSync(SEEN, "");
  await impostor.status;
  if (exists(GATE)) Deno.removeSync(GATE);

  const gate = new Engine(GATE);
  await sealed.says(new RegExp(`process ${Deno.pid} is Postern's`));
  step("who holds Postern's socket", await ask(ENGINE));
  step("a child of its", (await askAs(asking(ENGINE))).said);
  await gate.end();
  step("the guard's end", await sealed.end());
  step("after it", await ask(ENGINE));

  const audit = await new Program([...guard, "--audit"]).says(/ready/);
  step("audit", (await askAs(asking(ENGINE))).said);
  step("audit's events", brief(await audit.lines(1)));
  await audit.end();
}

/** A process that listens at Postern's name, and tries the real socket when the guard has seen it. */
async function impostor(): Promise<void> {
  new Engine(GATE);
  await until(() => exists(SEEN));
  step("an impostor in a container", await ask(ENGINE));
  Deno.exit();
}

/** What holds while engine, Postern and guard come and go. */
async function lasting(): Promise<void> {
  Deno.mkdirSync("/sys/fs/cgroup/backup");
  let engine = new Engine(ENGINE);
  const serve = await new Program(["serve", "-c", CONFIG]).says(/listening on/);
  const sealed = await new Program(guard).says(/ready/);

  // Nobody follows while it is stopped: what is refused now, the kernel refuses by itself.
  sealed.child.kill("SIGSTOP");
  await engine.end();
  engine = new Engine(ENGINE);
  step("made anew", await ask(ENGINE));
  // More than there is room for until somebody reads.
  const said = new Set<string>();
  for (let n = 0; n < 5000; n++) said.add(await ask(ENGINE));
  step("a flood", [...said]);
  sealed.child.kill("SIGCONT");
  await sealed.says(/(a try of our own was refused[^]*){2}/);
  await sealed.says(/attempts came too fast/);
  const lost = /(\d+) attempts came too fast/.exec(sealed.err)?.[1];
  await until(() => sealed.out.split("\n").length - 1 + Number(lost) >= 5001);
  step("told of the flood", sealed.out.split("\n").length - 1 + Number(lost));
  Deno.renameSync(ENGINE, "/run/moved.sock");
  step("under another name", await ask("/run/moved.sock"));
  Deno.renameSync("/run/moved.sock", ENGINE);
  step("through Postern again", await ask(GATE));

  sealed.child.kill("SIGSTOP");
  const { pid } = serve.child;
  await serve.end("SIGKILL");
  const reused = await askAs(`exec ${asking(ENGINE).slice(5)}`, { pid });
  step("the pid of a Postern that has ended", [reused.pid === pid, reused.said]);
  sealed.child.kill("SIGCONT");
  await sealed.says(new RegExp(`process ${pid} has ended`));
  const second = await new Program(["serve", "-c", CONFIG]).says(/listening on/);
  await sealed.says(new RegExp(`process ${second.child.pid} is Postern's`));
  step("through another Postern", await ask(GATE));
  await sealed.end();

  // Where this file system was mounted without a mode, everybody may make folders in it.
  await askAs(`mkdir ${PINS}`, { uid: OTHER_USER });
  const refused = new Program([...guard, "--pin"]);
  step("another's folder for pins", [await refused.over(), refused.err]);
  Deno.removeSync(PINS);

  const pinned = await new Program([...guard, ...allow, "--pin"]).says(/ready/);
  await pinned.end("SIGKILL");
  step("pinned, without a guard", await ask(ENGINE));
  step("pinned, through Postern", await ask(GATE));
  const status = new Program(["guard", "--status", "--json"]);
  step("status", [await status.over(), JSON.parse(status.out), second.child.pid]);
  const words = new Program(["guard", "--status"]);
  step("status in words", [await words.over(), words.out]);
  const taken = await askAs(`rm ${PINS}/link; mv ${PINS} ${PINS}2`, { uid: OTHER_USER });
  step("unpinned by another user", [taken.said, await ask(ENGINE)]);
  const next = await new Program([...guard, "--pin"]).says(/ready/);
  step("another guard takes it over", [await next.end(), await ask(ENGINE), await ask(GATE)]);
  const unpin = new Program(["guard", "--unpin"]);
  step("unpin", [await unpin.over(), unpin.out, await ask(ENGINE)]);
  await second.end();
}

const scenes: Readonly<Record<string, () => Promise<void>>> = {
  unsupported,
  who,
  lasting,
  impostor,
};
if (Deno.args[0] !== "impostor") setUp();
await scenes[Deno.args[0]!]!();
step("end", true);
Deno.exit();
