import type { Limits } from "../../../../lib/policy/constraints/types.ts";
import { fails, look, passes } from "./run.ts";

const path = "/v1.41/volumes/create";
const create = (body: unknown, limits: Limits = {}, world = {}) =>
  look({ path, body }, limits, world);
const local = (DriverOpts: unknown) => ({ Name: "x", DriverOpts });

/** Volumes that the safe defaults deny, and what allows them. */
const harmful: readonly (readonly [key: keyof Limits, body: unknown, allowing: Limits])[] = [
  ["host_mounts", local({ type: "none", o: "bind", device: "/etc" }), {
    host_mounts: [{ path: "/etc" }],
  }],
  ["host_mounts", local({ o: "ro,rbind", device: "/etc" }), { host_mounts: "any" }],
  ["host_mounts", local({ TYPE: "tmpfs", O: "bind", DEVICE: "/etc" }), { host_mounts: "any" }],
  ["volume_types", local({ type: "nfs", o: "addr=10.0.0.1", device: ":/x" }), {
    volume_types: ["nfs"],
  }],
  ["volume_types", local({ type: "debugfs", device: "x" }), { volume_types: ["debugfs"] }],
  ["volume_types", local({ type: "overlay", o: "lowerdir=/etc:/usr", device: "overlay" }), {
    volume_types: ["overlay"],
    host_mounts: [{ path: "/etc" }, { path: "/usr" }],
  }],
  ["volume_types", local({ type: "ext4", device: "/dev/sda1" }), {
    volume_types: ["ext4"],
    devices: ["/dev/sda1"],
  }],
  ["volume_types", local({ type: "none", o: "BIND", device: "/etc" }), { volume_types: "any" }],
  ["volume_drivers", { Name: "x", Driver: "convoy" }, { volume_drivers: ["convoy"] }],
];

for (const [key, body, allowing] of harmful) {
  Deno.test(`the safe defaults deny the volume ${JSON.stringify(body)} for ${key}`, () => {
    fails(create(body), key);
    passes(create(body, allowing));
  });
}

const harmless: readonly unknown[] = [
  {},
  { Name: "cache" },
  { Name: "cache", Driver: "local", DriverOpts: {}, Labels: { a: "b" } },
  { Name: "cache", Driver: "", DriverOpts: null, Labels: null },
  local({ type: "tmpfs", device: "tmpfs", o: "size=100m,uid=1000" }),
  local({ size: "1g" }),
];

for (const body of harmless) {
  Deno.test(`the safe defaults take the volume ${JSON.stringify(body)}`, () => {
    passes(create(body));
  });
}

Deno.test("a bind of a volume stays in the folders that are allowed, as written and as it leads", () => {
  const limits: Limits = { host_mounts: [{ path: "/srv/ci/**" }] };
  const bind = (device: string) => local({ type: "none", o: "bind", device });
  passes(create(bind("/srv/ci/a"), limits));
  fails(create(bind("/srv/ci/../../etc"), limits), "host_mounts");
  fails(create(bind("srv/ci/a"), limits), "host_mounts");
  fails(create(bind("/srv/ci/link"), limits, { "path /srv/ci/link": "/etc" }), "host_mounts");
});

Deno.test("options that have two readings, or none, are denied", () => {
  fails(create(local({ type: "tmpfs", Type: "none" })), "volume_types");
  fails(create(local({ "dev\u0130ce": "/" })), "volume_types");
  fails(create('{"DriverOpts":{"o":"size=1","o":"bind"}}'), 400);
  fails(create({ driverOpts: { o: "bind" } }), "unknown_fields");
});

Deno.test("names and labels of volumes can be limited", () => {
  const limits: Limits = { names: ["ci-*"], required_labels: { team: "ci" } };
  passes(create({ Name: "ci-a", Labels: { team: "ci" } }, limits));
  fails(create({ Name: "x", Labels: { team: "ci" } }, limits), "names");
  fails(create({ Labels: { team: "ci" } }, limits), "names");
  fails(create({ Name: "ci-a" }, limits), "required_labels");
  fails(create({ Name: "ci-a" }, { refused_labels: ["a"], ...limits }), "required_labels");
});

Deno.test("a body that is not there is one that says nothing: engines since 23 take it so", () => {
  passes(look({ path }));
  fails(look({ path }, { names: ["ci-*"] }), "names");
  fails(look({ path }, { required_labels: { team: "ci" } }), "required_labels");
});

Deno.test("prune removes whatever is not in use, and so is denied where removal is limited", () => {
  passes(look({ path: "/volumes/prune" }));
  fails(look({ path: "/volumes/prune" }, { volumes: ["ci-*"] }), "volumes");
  passes(look({ path: "/volumes/prune" }, { volumes: "any" }));
  passes(look({ path: "/networks/prune" }));
  fails(look({ path: "/networks/prune" }, { networks: ["ci-*"] }), "networks");
});

Deno.test("the removal of volumes can be limited by name", () => {
  const remove = (name: string, limits: Limits) =>
    look({ method: "DELETE", path: `/v1.41/volumes/${name}?force=1` }, limits);
  passes(remove("anything", {}));
  passes(remove("ci-a", { volumes: ["ci-*"] }));
  fails(remove("db", { volumes: ["ci-*"] }), "volumes");
});
