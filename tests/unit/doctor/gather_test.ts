// What doctor asks, and in which order: it must not start what it looks at, wait in vain, or take a process for hidden that came
// while it looked.
import assert from "node:assert/strict";
import { examine } from "../../../lib/doctor/checks.ts";
import { gather } from "../../../lib/doctor/facts.ts";
import type { Host } from "../../../lib/doctor/host.ts";
import { configOf, oneListener } from "./config_of.ts";
import { DEVICE, hostOf, type Made, processFiles, SOCKET } from "./fake_host.ts";

const REAL = "/var/run/docker.sock";
const listener = {
  inode: 100,
  listens: true,
  path: SOCKET,
  file: { inode: 77, device: DEVICE },
};
const connection = { ...listener, inode: 201, listens: false, peer: 301 };
const systemd = processFiles(1, { comm: "systemd", sockets: [100] });
const dockerd = processFiles(50, { comm: "dockerd", sockets: [100, 201] });

/** A host that notes which sockets are asked, and how often the kernel lists its own. */
function watched(made: Made, more: Partial<Host> = {}) {
  const asked: string[] = [];
  let listings = 0;
  const host = hostOf(made);
  const seen: Host = {
    ...host,
    ask: (socket, path) => (asked.push(socket), (more.ask ?? host.ask)(socket, path)),
    unixSockets: (namespace) => (listings++, host.unixSockets(namespace)),
  };
  return { host: { ...seen, ...more, ask: seen.ask }, asked, listings: () => listings };
}

Deno.test("an engine that systemd would start is not asked, and so not started", async () => {
  const { host, asked } = watched({ files: systemd, unix: [listener] });
  const facts = await gather(host, configOf(oneListener), REAL);
  assert.deepEqual(asked, []);
  const { findings } = await examine(facts);
  const [finding] = findings.filter(({ check }) => check === "containers");
  assert.equal(finding?.level, "unknown");
  assert.match(finding.evidence!.join(), /does not run: systemd starts it/);
  assert.deepEqual(finding.fix, ["systemctl start docker.service"]);
});

Deno.test("one that runs is", async () => {
  const { host, asked } = watched({
    files: { ...systemd, ...dockerd },
    unix: [listener],
    engine: { "/info": {}, "/containers/json?all=1": [] },
  });
  await gather(host, configOf(oneListener), REAL);
  assert.deepEqual(asked, [REAL, REAL, REAL]);
});

Deno.test("an engine that does not answer in time is not asked again through the gate", async () => {
  const ask = () => Promise.resolve({ failed: "too slow", late: true as const });
  const { host, asked } = watched({}, { ask });
  const { engines } = await gather(host, configOf(oneListener), REAL);
  assert.deepEqual(asked, [REAL]);
  assert.equal(engines[0]?.why, "too slow");
});

Deno.test("a process that came while doctor looked is no hidden one", async () => {
  const made = { files: { ...systemd, ...dockerd }, unix: [listener, connection] };
  const late = processFiles(60, { comm: "traefik", sockets: [301] });
  const before = hostOf(made);
  const after = hostOf({ ...made, files: { ...made.files, ...late } });
  const { host, listings } = watched(made, {
    read: (path) => (listings() === 0 ? before : after).read(path),
    link: (path) => (listings() === 0 ? before : after).link(path),
    list: (path) => (listings() === 0 ? before : after).list(path),
    sockets: (path) => (listings() === 0 ? before : after).sockets(path),
  });
  const { findings } = await examine(await gather(host, { problems: [] }, REAL));
  const holders = findings.filter(({ check }) => check === "holders");
  assert.deepEqual(holders.map(({ level }) => level), ["wrong"]);
  assert.match(holders[0]!.evidence![0]!, /pid 60, \/usr\/bin\/traefik/);
});

const self = processFiles(4000, {
  comm: "deno",
  more: { "ns/pid": { link: "pid:[4026531836]" } },
});
const holdersOf = async (files: Made["files"]) => {
  const made = {
    files: { ...systemd, ...dockerd, ...self, ...files },
    unix: [listener, connection],
  };
  const { findings } = await examine(await gather(hostOf(made), { problems: [] }, REAL));
  return findings.filter(({ check }) => check === "holders");
};

Deno.test("a descriptor that a thread alone has is its process's", async () => {
  const [found, ...more] = await holdersOf({
    ...processFiles(60, { comm: "th", uid: 1000 }),
    "/proc/60/fd/0": { link: "/dev/null" },
    "/proc/60/task/60/fd/0": { link: "/dev/null" },
    "/proc/60/task/61/fd/3": { link: "socket:[301]" },
  });
  assert.deepEqual([found?.level, more.length], ["wrong", 0]);
  assert.match(found!.evidence![0]!, /^pid 60, .*, user alice: is connected$/);
});

Deno.test("where root sees all processes, a connection of none of them is hidden by somebody", async () => {
  const [found, ...more] = await holdersOf({});
  assert.deepEqual([found?.level, more.length], ["wrong", 0]);
  assert.match(found!.title, /^somebody hides 1 connection to/);
  assert.match(found!.evidence![0]!, /socket:\[301\]/);
});

Deno.test("one that never shows is told of after a few looks", async () => {
  const { host, listings } = watched({
    files: { ...systemd, ...dockerd, ...processFiles(4000, { comm: "deno" }) },
    unix: [listener, connection],
  });
  const { findings } = await examine(await gather(host, { problems: [] }, REAL));
  assert.equal(listings(), 3);
  const holders = findings.filter(({ check }) => check === "holders");
  assert.match(holders[0]!.title, /whose 1 connection/);
});
