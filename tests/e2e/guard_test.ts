// The guard in a kernel that takes it: Debian's, in a virtual machine, with Postern as its users start it.
import assert from "node:assert/strict";
import { which } from "../support/private_engine.ts";
import { missingForVm, runMachine, type VmFile } from "../support/vm.ts";
import { posternFiles } from "../support/vm_postern.ts";
import { CONTAINER } from "./guard/ways.ts";

const absent = which("socat") === undefined
  ? "socat not found (apt-get install socat)"
  : missingForVm();
const here = (name: string) => new URL(name, import.meta.url).pathname;
const REFUSED = "Operation not permitted";
const ANSWERED = "HTTP/1.1 200 OK";

function files(): VmFile[] {
  const scenes = ["guard/driver.ts", "guard/machine.ts", "guard/ways.ts"];
  const support = ["../support/i386_connect.ts", "../support/io_uring_connect.ts"];
  return [
    ...posternFiles(),
    ...[...scenes, ...support].map((name) => ({ path: here(name), host: here(name) })),
    { path: "/bin/socat", program: which("socat")! },
    {
      path: "/etc/passwd",
      text: "root:x:0:0::/root:/bin/sh\npostern:x:990:990::/:/bin/false\n",
    },
    { path: "/etc/group", text: "root:x:0:\npostern:x:990:\n" },
  ];
}

/** What each step of a scene showed, and how to expect it. */
async function play(scene: string, lsm: string) {
  const { output, ended, seconds } = await runMachine({
    files: files(),
    modules: ["unix_diag"],
    kernelArguments: `lsm=${lsm}`,
    memory: 2048,
    seconds: 900,
    script: `export DENO_DIR=/root/deno NO_COLOR=1; mkdir -p /jail; deno run -A ${
      here("guard/driver.ts")
    } ${scene}`,
  });
  // The first line may stand behind what the firmware has written.
  const shown = new Map<string, unknown>(
    [...output.matchAll(/step (\[.*\])$/gm)].map(([, json]) => JSON.parse(json!)),
  );
  assert.ok(ended && shown.get("end") === true, `after ${seconds} s:\n${output}`);
  const is = (name: string, expected: unknown) =>
    assert.deepEqual(shown.get(name), expected, `${name}: ${JSON.stringify([...shown], null, 1)}`);
  return { shown, is };
}

function vmTest(name: string, fn: () => Promise<void>): void {
  const ignore = absent !== undefined;
  Deno.test({ name: ignore ? `${name} (${absent})` : name, ignore, fn });
}

const LSM = "landlock,lockdown,yama,apparmor,bpf";

vmTest(
  "the guard lets nobody but Postern connect to the real socket, by whatever way",
  async () => {
    const { shown, is } = await play("who", LSM);
    is("before", ANSWERED);
    is("the try", true);
    is("Postern's uid", "990");
    is("root, around", REFUSED);
    is("through Postern", ANSWERED);
    is("an allowed user", ANSWERED);
    is("another user", REFUSED);
    is("below an allowed cgroup", ANSWERED);
    const event = { event: "refused", socket: "/run/docker.sock" };
    is("events", [
      { ...event, uid: 0, own: true, exe: "/bin/deno" },
      { ...event, uid: 1235, own: false, exe: (shown.get("events") as { exe: unknown }[])[1]!.exe },
    ]);
    const ways = [
      "a link",
      "a hard link",
      "a relative path",
      "/proc/PID/root",
      "a bind mount",
      "root in a container",
    ];
    for (const name of ways) is(`way: ${name}`, REFUSED);
    is("way: a user who calls itself an allowed one", `1234\n${REFUSED}`);
    is("way: a program for i386", true);
    is("way: io_uring", true);
    is("way: datagrams", "Protocol wrong type for socket");
    is("of ways", [null, null, null, null, null, CONTAINER, null, null, null]);
    is("the same name elsewhere", ANSWERED);
    is("an abstract one", "GET /_ping HTTP/1.1");
    is("an impostor in a container", REFUSED);
    is("who holds Postern's socket", ANSWERED);
    is("a child of its", REFUSED);
    is("the guard's end", 0);
    is("after it", ANSWERED);
    is("audit", ANSWERED);
    const [audited, ...more] = shown.get("audit's events") as Record<string, unknown>[];
    assert.deepEqual(more, []);
    assert.deepEqual({ ...audited, exe: null }, {
      ...event,
      event: "would-refuse",
      uid: 0,
      own: false,
      exe: null,
    });
  },
);

vmTest("the seal lasts while engine, Postern and guard come and go", async () => {
  const { shown, is } = await play("lasting", LSM);
  is("made anew", REFUSED);
  is("a flood", [REFUSED]);
  is("told of the flood", 5001);
  is("under another name", REFUSED);
  is("through Postern again", ANSWERED);
  is("the pid of a Postern that has ended", [true, REFUSED]);
  is("through another Postern", ANSWERED);
  const [no, why] = shown.get("another's folder for pins") as [number, string];
  assert.equal(no, 3);
  assert.match(why, /\/sys\/fs\/bpf\/postern is not a folder of root's alone: .*uid 1235/);
  is("pinned, without a guard", REFUSED);
  is("pinned, through Postern", ANSWERED);
  const [code, status, pid] = shown.get("status") as [number, Record<string, unknown>, number];
  assert.equal(code, 0);
  assert.equal(status["pinned"], true);
  assert.deepEqual((status["names"] as { name: string }[]).map(({ name }) => name), [
    "docker.sock",
  ]);
  assert.deepEqual((status["processes"] as { pid: number }[]).map(({ pid }) => pid), [pid]);
  const [fine, words] = shown.get("status in words") as [number, string];
  assert.equal(fine, 0);
  assert.match(
    words,
    /sealed: whatever is called docker\.sock in the folder of inode \d+ on device/,
  );
  assert.match(words, new RegExp(`may connect: process ${pid}, /bin/deno\n`));
  assert.match(words, /may connect: uid 1234\n.*may connect: cgroup \/backup\n/);
  is("unpinned by another user", [REFUSED, REFUSED]);
  is("another guard takes it over", [0, REFUSED, ANSWERED]);
  is("unpin", [0, "unpinned\n", ANSWERED]);
});

vmTest("where the kernel asks no BPF programs, the guard says so and names the seal", async () => {
  const { shown } = await play("unsupported", "landlock,yama,apparmor");
  const { code, err } = shown.get("without bpf") as { code: number; err: string };
  assert.equal(code, 3);
  assert.match(
    err,
    /does not ask BPF programs about security: add bpf to the kernel's lsm= parameter/,
  );
  assert.match(err, /authz: \{ seal: true \}/);
});
