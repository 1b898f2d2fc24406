// Folders that look as if they were in an allowed one.
import { bind, bound, rootOptions, volume } from "./mount_forms.ts";
import { create, type Escape, escape, post } from "./table.ts";

export const folderEscapes: readonly Escape[] = [
  escape(
    "an allowed folder holds a link to a folder that is not",
    "host_mounts",
    create({ HostConfig: { NetworkMode: "none", Binds: ["$dir/open/link:/h"] } }),
    create({ HostConfig: { NetworkMode: "none", Binds: ["$dir/open/real:/h"] } }),
    { policy: "team", shows: { Binds: ["$dir/open/link:/h"] } },
  ),
  ...[
    ["a link of an allowed folder is bound with a slash behind it", "$dir/open/link/"],
    ["a folder below a link of an allowed folder is bound", "$dir/open/link/ssl"],
    ["a link of an allowed folder is bound by two slashes", "$dir//open//link"],
    ["a link of an allowed folder is bound by a dot", "$dir/open/./link"],
  ].map(([name, path]) =>
    escape(
      name!,
      "host_mounts",
      create({ HostConfig: { NetworkMode: "none", Binds: [`${path}:/h`] } }),
      create({ HostConfig: { NetworkMode: "none", Binds: ["$dir//open/./real/:/h"] } }),
      { policy: "team" },
    )
  ),
  escape(
    "the device of a volume is a link of an allowed folder",
    "host_mounts",
    create({ HostConfig: { NetworkMode: "none", Mounts: [bound("$dir/open/link")] } }),
    create({
      HostConfig: { NetworkMode: "none", Mounts: [bind("$dir/readable", { ReadOnly: true })] },
    }),
    { policy: "team" },
  ),
  escape(
    "the device of a volume is a folder that may only be read",
    "host_mounts",
    create({ HostConfig: { NetworkMode: "none", Mounts: [bound("$dir/readable")] } }),
    create({ HostConfig: { NetworkMode: "none", Binds: ["$dir/readable/:/h:ro"] } }),
    { policy: "team" },
  ),
  escape(
    "a folder that may only be read is mounted as a volume of another name",
    "host_mounts",
    post("/volumes/create", {
      Name: "$name",
      DriverOpts: { ...rootOptions, device: "$dir/readable" },
    }),
    post("/volumes/create", {
      Name: "$name",
      DriverOpts: { ...rootOptions, device: "$dir/open/real/" },
    }),
    { policy: "team" },
  ),
  escape(
    "the driver of volumes is at the top level, where engines up to 26 read it",
    ["unknown_fields", "volume_drivers"],
    create({ VolumeDriver: "vieux/sshfs", HostConfig: {} }),
    create({ HostConfig: { VolumeDriver: "" } }),
    { shows: { VolumeDriver: "vieux/sshfs" } },
  ),
  escape(
    "a path goes up out of an allowed folder",
    "host_mounts",
    create({ HostConfig: { NetworkMode: "none", Binds: ["$dir/open/../closed:/h"] } }),
    create({ HostConfig: { NetworkMode: "none", Binds: ["$dir/closed/../open/real:/h"] } }),
    { policy: "team", shows: { Binds: ["$dir/open/../closed:/h"] } },
  ),
  escape(
    "a folder begins like an allowed one",
    "host_mounts",
    create({ HostConfig: { NetworkMode: "none", Binds: ["$dir/open-not:/h"] } }),
    create({ HostConfig: { NetworkMode: "none", Mounts: [bind("$dir/open/real")] } }),
    { policy: "team", shows: { Binds: ["$dir/open-not:/h"] } },
  ),
  // The engine cleans the sources of binds as texts; devices it leaves to the kernel, which follows links first.
  escape(
    "the device of a volume goes up behind a link of an allowed folder",
    "host_mounts",
    create({ HostConfig: { NetworkMode: "none", Mounts: [bound("$dir/open/link/../etc/ssl")] } }),
    create({ HostConfig: { NetworkMode: "none", Mounts: [bound("$dir/open/real")] } }),
    { policy: "team" },
  ),
  escape(
    "the device of a new volume goes up behind a link of an allowed folder",
    "host_mounts",
    post("/volumes/create", {
      Name: "$name",
      DriverOpts: { ...rootOptions, device: "$dir/open/link/../etc/ssl" },
    }),
    post("/volumes/create", {
      Name: "$name",
      DriverOpts: { ...rootOptions, device: "$dir/open/real" },
    }),
    { policy: "team" },
  ),
  escape(
    "the options of a volume bind a folder beside an allowed one",
    "host_mounts",
    create({
      HostConfig: {
        NetworkMode: "none",
        Mounts: [volume({ type: "none", o: "bind", device: "$dir/closed" })],
      },
    }),
    create({
      HostConfig: {
        NetworkMode: "none",
        Mounts: [volume({ type: "none", o: "bind", device: "$dir/open/real" })],
      },
    }),
    { policy: "team" },
  ),
  escape(
    "a folder that may only be read is bound for writing",
    "host_mounts",
    create({ HostConfig: { NetworkMode: "none", Binds: ["$dir/readable:/h"] } }),
    create({ HostConfig: { NetworkMode: "none", Binds: ["$dir/readable:/h:ro"] } }),
    { policy: "team", shows: { Binds: ["$dir/readable:/h"] } },
  ),
];
