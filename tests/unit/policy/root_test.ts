import assert from "node:assert/strict";
import { builtinPolicies } from "../../../lib/policy/builtin.ts";
import { builtinAncestor, compilePolicy } from "../../../lib/policy/compile.ts";
import type { Limits } from "../../../lib/policy/constraints/types.ts";
import type { Conditions } from "../../../lib/policy/layers.ts";
import { givesRoot } from "../../../lib/policy/root.ts";

const none = { allow: [], deny: [], origin: "p.yaml" };

/** What gives root in a policy that allows containers.create under these conditions. */
function rootOf(conditions: Conditions): string[] {
  const origin = "p.yaml:3";
  const compiled = compilePolicy({
    ...none,
    name: "p",
    allow: [{ pattern: "containers.create", origin }],
    constraints: [{ pattern: "containers.create", origin, conditions }],
  }, () => undefined);
  assert.ok("policy" in compiled);
  return givesRoot(compiled.policy);
}

const limits = (limits: Limits): Conditions => ({
  limits,
  origins: Object.fromEntries(Object.keys(limits).map((key) => [key, "p.yaml:4"])),
});

Deno.test("full gives root, and the other built-in policies do not", () => {
  assert.ok(givesRoot(builtinPolicies["full"]!).includes("containers.create"));
  for (const name of ["deny", "read-only", "operator"]) {
    assert.deepEqual(givesRoot(builtinPolicies[name]!), []);
  }
});

Deno.test("everything of Docker's API under the safe defaults gives nothing away", () => {
  const all = { ...none, name: "p", allow: [{ pattern: "*", origin: "p.yaml:1" }] };
  const compiled = compilePolicy(all, () => undefined);
  assert.ok("policy" in compiled);
  const ofDocker = givesRoot(compiled.policy).filter((name) => !name.startsWith("podman-"));
  assert.deepEqual(ofDocker, []);
});

Deno.test("mode warn lets everything pass, so it gives root whatever is written", () => {
  const warn = compilePolicy({ ...none, name: "p", mode: "warn" }, () => undefined);
  assert.ok("policy" in warn);
  assert.deepEqual(givesRoot(warn.policy), ["mode: warn"]);
  const child = compilePolicy({ ...none, name: "c", extends: "p" }, () => warn);
  assert.ok("policy" in child);
  assert.deepEqual(givesRoot(child.policy), [], "a mode is not inherited");
});

Deno.test("what extends full gives root until the operation is closed, allowed or constrained", () => {
  const child = (allow: string[]) => {
    const compiled = compilePolicy({
      ...none,
      name: "p",
      extends: "full",
      allow: allow.map((pattern) => ({ pattern, origin: "p.yaml:2" })),
    }, (name) => builtinAncestor(builtinPolicies[name]!));
    assert.ok("policy" in compiled);
    return givesRoot(compiled.policy);
  };
  assert.ok(child([]).includes("containers.create"));
  assert.ok(!child(["containers.create"]).includes("containers.create"));
});

const cases: [what: string, conditions: Conditions, ...root: string[]][] = [
  ["none", "none", "containers.create"],
  ["nothing written", limits({})],
  ["privileged", limits({ privileged: true }), "containers.create (privileged: true)"],
  ["not privileged", limits({ privileged: false })],
  ["any mount", limits({ host_mounts: "any" }), "containers.create (host_mounts: any)"],
  [
    "the root folder",
    limits({ host_mounts: [{ path: "/**" }] }),
    "containers.create (host_mounts: /**)",
  ],
  [
    "/etc",
    limits({ host_mounts: [{ path: "/etc/**" }] }),
    "containers.create (host_mounts: /etc/**)",
  ],
  ["/etc to read", limits({ host_mounts: [{ path: "/etc/**", read_only: true }] })],
  [
    "the engine's socket, even to read",
    limits({ host_mounts: [{ path: "/var/run/docker.sock", read_only: true }] }),
    "containers.create (host_mounts: /var/run/docker.sock)",
  ],
  ["a folder of its own", limits({ host_mounts: [{ path: "/srv/ci/**" }] })],
  ["the host's processes", limits({ pid_mode: ["host"] }), "containers.create (pid_mode: host)"],
  ["another's processes", limits({ pid_mode: ["container:ci-*"] })],
  [
    "a capability that is root's",
    limits({ capabilities: ["NET_ADMIN", "SYS_ADMIN"] }),
    "containers.create (capabilities: SYS_ADMIN)",
  ],
  ["a harmless capability", limits({ capabilities: ["NET_BIND_SERVICE"] })],
  ["any image", limits({ images: "any" })],
  [
    "a folder below one that is root's",
    limits({ host_mounts: [{ path: "/etc/cron.d" }, { path: "/root/.ssh/**" }] }),
    "containers.create (host_mounts: /etc/cron.d, /root/.ssh/**)",
  ],
  [
    "a folder of a user's, and one below /etc to read",
    limits({
      host_mounts: [{ path: "/home/ci/**" }, { path: "/var/cache/ci" }, {
        path: "/etc/ssl",
        read_only: true,
      }],
    }),
  ],
  [
    "the folder of the engine's socket, even to read",
    limits({ host_mounts: [{ path: "/run/**", read_only: true }] }),
    "containers.create (host_mounts: /run/**)",
  ],
  [
    "Podman's socket",
    limits({ host_mounts: [{ path: "/run/podman/podman.sock", read_only: true }] }),
    "containers.create (host_mounts: /run/podman/podman.sock)",
  ],
  [
    "any file system of a volume, with its device or its layers",
    limits({ volume_types: "any" }),
    "containers.create (volume_types: any)",
  ],
  [
    "file systems whose devices and layers are judged",
    limits({ volume_types: ["ext4", "overlay"] }),
  ],
  [
    "a disk",
    limits({ devices: ["/dev/sda1", "/dev/fuse"] }),
    "containers.create (devices: /dev/sda1)",
  ],
  ["disks", limits({ devices: ["/dev/nvme*"] }), "containers.create (devices: /dev/nvme*)"],
  ["devices that are no disks", limits({ devices: ["/dev/fuse", "/dev/dri/**", "/dev/kvm"] })],
];
for (const [what, conditions, ...root] of cases) {
  Deno.test(`root through containers.create: ${what}`, () => {
    assert.deepEqual(rootOf(conditions), root);
  });
}
