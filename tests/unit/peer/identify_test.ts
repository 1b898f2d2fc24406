import assert from "node:assert/strict";
import { containerId, isInContainer } from "../../../lib/peer/container.ts";
import { fromCredentials } from "../../../lib/peer/identify.ts";
import { NameCache, systemNames } from "../../../lib/peer/names.ts";
import { overflowId } from "../../../lib/peer/user_namespace.ts";

const none = { uid: undefined, gid: undefined };
const overflow = { uid: 65534, gid: 65534 };

Deno.test("pid 0 is a process that cannot be seen: its pid is unknown, its ids are not", () => {
  const peer = fromCredentials({ pid: 0, uid: 1001, gid: 1002 }, [], none);
  assert.deepEqual(peer, { uid: 1001, gid: 1002, groups: [] });
});

Deno.test("the overflow ids are unknown where another user namespace can hide behind them", () => {
  const peer = fromCredentials({ pid: 7, uid: 65534, gid: 65534 }, [65534, 12], overflow);
  assert.deepEqual(peer, { pid: 7, groups: [12] });
});

Deno.test("65534 is the user nobody where every id is mapped", () => {
  const peer = fromCredentials({ pid: 7, uid: 65534, gid: 65534 }, [65534], none);
  assert.deepEqual(peer, { pid: 7, uid: 65534, gid: 65534, groups: [65534] });
});

Deno.test("uid 0 and gid 0 are known ids", () => {
  const peer = fromCredentials({ pid: 7, uid: 0, gid: 0 }, [0], overflow);
  assert.deepEqual(peer, { pid: 7, uid: 0, gid: 0, groups: [0] });
});

Deno.test("(uid_t) -1 is no id, and groups that the kernel does not tell stay unknown", () => {
  const peer = fromCredentials({ pid: 7, uid: 0xffffffff, gid: 0xffffffff }, undefined, none);
  assert.deepEqual(peer, { pid: 7 });
});

Deno.test("outside user namespaces no id stands for others", () => {
  const mapped = Deno.readTextFileSync("/proc/self/uid_map").trim().split(/\s+/);
  const whole = mapped[0] === "0" && mapped[2] === "4294967295";
  assert.equal(overflowId("uid") === undefined, whole);
});

const id = "0123456789abcdef".repeat(4);
const cgroups: [name: string, text: string, expected: string | undefined][] = [
  ["Docker on cgroup v1", `5:memory:/docker/${id}\n`, id],
  ["Docker under systemd", `0::/system.slice/docker-${id}.scope\n`, id],
  ["Podman", `0::/machine.slice/libpod-${id}.scope/container\n`, id],
  ["Kubernetes", `0::/kubepods/pod12/cri-containerd-${id}.scope\n`, id],
  ["no container", "0::/user.slice/user-1000.slice\n", undefined],
  ["a longer hexadecimal word", `0::/x/${id}00\n`, undefined],
  ["a word that only holds one", `0::/x/a${id}b/y\n`, undefined],
  ["a container that made a folder of its own", `0::/docker/${id}/docker/${"f".repeat(64)}\n`, id],
];

for (const [name, text, expected] of cgroups) {
  Deno.test(`the container id of ${name} comes from the cgroup path`, () => {
    assert.equal(containerId(text), expected);
  });
}

Deno.test("a process is in the container whose folder is the only one, beside those that its asker is in, too", () => {
  const [outer, other] = ["f".repeat(64), "e".repeat(64)];
  const host = "0::/system.slice/postern.service\n";
  const within = `0::/docker/${outer}\n`;
  const cases: [boolean, string, string][] = [
    [true, `5:pids:/docker/${id}\n0::/\n`, host],
    [true, `0::/docker/${id}/init\n`, host],
    [true, `0::/../docker-${id}.scope\n`, "0::/\n"],
    [false, `0::/docker/${other}/docker/${id}\n`, host],
    [false, `0::/docker/${other}/${id}\n`, host],
    [false, `0::/docker/${id}/${other}\n`, host],
    [false, `0::/docker/${id}/libpod-${other}.scope\n`, host],
    [false, `0::/docker/${outer}/docker/${id}/${other}\n`, within],
    [false, `0::/docker/${id}00\n`, host],
    [false, host, host],
    [true, `0::/docker/${outer}/docker/${id}\n`, within],
    [false, `0::/docker/${outer}/docker/${other}/${id}\n`, within],
    [true, `0::/docker/${id}\n`, `0::/docker/${id}\n`],
  ];
  for (const [expected, text, own] of cases) {
    assert.equal(isInContainer(text, id, own), expected, text);
  }
});

Deno.test("names and ids come from NSS, unknown ones are absent", () => {
  assert.equal(systemNames.uidOf("root"), 0);
  assert.equal(systemNames.gidOf("root"), 0);
  assert.equal(systemNames.uidOf("no-such-user-here"), undefined);
  assert.equal(systemNames.gidOf("no-such-group-here"), undefined);
  assert.ok(systemNames.userNames().includes("root"));
  assert.ok(systemNames.groupNames().includes("root"));
  const names = new NameCache();
  assert.equal(names.user(0), "root");
  assert.equal(names.group(0), "root");
  assert.equal(names.user(3_999_999_999), undefined);
  assert.equal(names.user(3_999_999_999), undefined);
});
