// Update and commit: what becomes of a container that is there.
import { type Escape, escape, post } from "./table.ts";

const update = (fields: Record<string, unknown>) => post("/v1.41/containers/$own/update", fields);

export const changeEscapes: readonly Escape[] = [
  escape(
    "a container is changed so that it comes back for ever",
    "restart_policies",
    update({ RestartPolicy: { Name: "always" } }),
    update({ RestartPolicy: { Name: "no" } }),
    { policy: "team" },
  ),
  ...["unless-stopped", "on-failure"].map((Name) =>
    escape(
      `a container is changed so that it comes back ${Name}`,
      "restart_policies",
      update({ RestartPolicy: { Name } }),
      update({ RestartPolicy: { Name: "" } }),
      { policy: "team" },
    )
  ),
  escape(
    "a container's limit on memory is taken away",
    "memory",
    update({ Memory: 1 << 30, MemorySwap: -1 }),
    update({ Memory: 64 << 20, MemorySwap: 128 << 20 }),
    { policy: "team" },
  ),
  escape(
    "a container is changed in small letters",
    "unknown_fields",
    update({ restartpolicy: { name: "always" } }),
    update({ CpuShares: 512 }),
  ),
  escape(
    "a container is changed to have devices",
    ["devices", "unknown_fields"],
    update({ Devices: [{ PathOnHost: "/dev/kmsg" }] }),
    update({ Devices: [] }),
  ),
  escape(
    "a commit takes the name of an image that others trust",
    "images",
    post("/v1.41/commit?container=$own&repo=trusted&tag=latest", {}),
    post("/v1.41/commit?container=$own&repo=ci/$name", { Labels: {} }),
    { policy: "team" },
  ),
  escape(
    "a commit copies somebody else's container",
    "containers",
    post("/v1.41/commit?container=$victim&repo=ci/$name", {}),
    post("/v1.41/commit?container=$own&repo=ci/$name", {}),
    { policy: "team" },
  ),
];
