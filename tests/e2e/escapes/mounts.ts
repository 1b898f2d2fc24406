// Folders of the host and other people's files, by every way into a container.
import { create, type Escape, escape, host, post, spelt } from "./table.ts";

const bind = (Source: string, more = {}) => ({ Type: "bind", Source, Target: "/h", ...more });
const volume = (Options: Record<string, string>, more = {}) => ({
  Type: "volume",
  Target: "/h",
  VolumeOptions: { DriverConfig: { Options } },
  ...more,
});
const rootOptions = { type: "none", o: "bind", device: "/" };
const bound = (device: string) => volume({ ...rootOptions, device });
const plain = { Mounts: [{ Type: "volume", Source: "$plain", Target: "/h" }] };
const plainBind = { Binds: ["$plain:/h"] };
const tmpfs = { Mounts: [{ Type: "tmpfs", Target: "/h" }] };
/** Mounts come back from inspect as they were sent. */
const mounts = (name: string, mount: unknown, twin: Record<string, unknown> = plain) =>
  host(name, "host_mounts", { Mounts: [mount] }, twin);

export const mountEscapes: readonly Escape[] = [
  ...[
    ["the root of the host is bound", "/:/h"],
    ["the root of the host is bound read-only", "/:/h:ro"],
    ["the root of the host is bound, written with two slashes", "//:/h"],
    ["the root of the host is bound by a path that goes up", "/tmp/../..:/h"],
    ["the root of the host is bound by a path of dots", "/./.:/h"],
    ["the root of the host is bound with an empty mode", "/:/h:"],
    ["the root of the host is bound as a slave", "/:/h:rslave"],
    ["the root of the host is bound as shared", "/:/h:rshared"],
    ["the root of the host is bound for SELinux, too", "/:/h:z"],
    ["the engine's socket is bound", "/var/run/docker.sock:/var/run/docker.sock"],
    ["the folder of the engine's socket is bound", "/run:/h"],
    ["the host's processes are bound", "/proc:/h"],
    ["the host's control groups are bound", "/sys/fs/cgroup:/h"],
    ["a folder of the host with a blank in its name is bound", "$dir/a b:/h"],
    ["a folder of the host with a letter outside ASCII is bound", "$dir/ä:/h"],
    ["a folder that is not there would be made on the host", "$dir/made-$name:/h"],
  ].map(([name, Bind]) => host(name!, "host_mounts", { Binds: [Bind] }, plainBind)),
  host(
    "a bind of the host stands behind a volume",
    "host_mounts",
    { Binds: ["$plain:/v", "/etc:/h"] },
    { Binds: ["$plain:/v", "$plain:/h"] },
  ),
  host("a bind has no target of its own", "host_mounts", { Binds: ["/etc:/h:ro,z"] }, plainBind),
  mounts("the root of the host is mounted", bind("/")),
  mounts("the root of the host is mounted read-only", bind("/", { ReadOnly: true }), tmpfs),
  mounts("the root of the host is mounted, written with two slashes", bind("//")),
  mounts("a folder of the host is mounted by a path that goes up", bind("/tmp/../etc")),
  mounts(
    "a folder of the host is mounted with its propagation",
    bind("/etc", { BindOptions: { Propagation: "rshared" } }),
    tmpfs,
  ),
  mounts(
    "a folder of the host is mounted without what is mounted in it",
    bind("/etc", { BindOptions: { NonRecursive: true } }),
  ),
  mounts("the options of an anonymous volume bind the root", volume(rootOptions)),
  mounts("the options of a new volume bind the root", volume(rootOptions, { Source: "$name-v" })),
  mounts(
    "the options of a volume bind with what is mounted below",
    volume({ ...rootOptions, o: "rbind" }),
  ),
  mounts("the options of a volume bind read-only", volume({ ...rootOptions, o: "ro,bind" })),
  mounts(
    "the options of a volume bind and its driver is named",
    {
      ...volume({}),
      VolumeOptions: { DriverConfig: { Name: "local", Options: rootOptions } },
    },
  ),
  host(
    "the options of a volume lay one folder of the host over another",
    ["host_mounts", "volume_types"],
    { Mounts: [volume({ type: "overlay", o: "lowerdir=/etc:/usr", device: "overlay" })] },
    plain,
  ),
  host(
    "the options of a volume mount the kernel's debugging files",
    ["host_mounts", "volume_types"],
    { Mounts: [volume({ type: "debugfs", device: "none" })] },
    plain,
  ),
  host(
    "the options of a volume mount a disk of the host",
    ["host_mounts", "volume_types"],
    { Mounts: [volume({ type: "ext4", device: "/dev/vda" })] },
    plain,
  ),
  host(
    "the options of a volume mount the host's processes",
    ["host_mounts", "volume_types"],
    { Mounts: [volume({ type: "proc", device: "proc" })] },
    plain,
  ),
  ...["sysfs", "cgroup", "devtmpfs", "securityfs", "9p"].map((type) =>
    host(
      `the options of a volume mount a file system of type ${type}`,
      ["host_mounts", "volume_types"],
      { Mounts: [volume({ type, device: "none" })] },
      plain,
    )
  ),
  mounts("the options of a volume bind a folder by a path from the engine's own", bound("etc")),
  mounts("the options of a volume bind the engine's own folder", bound(".")),
  mounts("the options of a volume bind the root by many slashes", bound("///")),
  host(
    "the options of a volume mount another machine's folder",
    "volume_types",
    { Mounts: [volume({ type: "nfs", o: "addr=10.0.0.1,rw", device: ":/srv" })] },
    { Mounts: [volume({ type: "tmpfs", device: "tmpfs", o: "size=1m" })] },
  ),
  host(
    "the options of a volume mount a share with a password",
    "volume_types",
    { Mounts: [volume({ type: "cifs", o: "username=x,password=y", device: "//10.0.0.1/srv" })] },
    { Mounts: [volume({})] },
  ),
  spelt(
    "the options of a volume are spelt in other letters",
    ["unknown_fields", "host_mounts"],
    '{"Image":"app","HostConfig":{"Mounts":[{"Type":"volume","Target":"/h","volumeoptions":{"driverconfig":{"options":{"type":"none","o":"bind","device":"/"}}}}]}}',
    '{"Image":"app","HostConfig":{"Mounts":[{"Type":"volume","Target":"/h","VolumeOptions":{"Labels":{"options":"none"}}}]}}',
    { shows: /"Options":\{[^}]*"device":"\/"/ },
  ),
  spelt(
    "a mount is merged from two lists, and the last names no folder",
    400,
    '{"Image":"app","HostConfig":{"Mounts":[{"Type":"bind","Source":"/","Target":"/h"}],"Mounts":[{"Target":"/h2"}]}}',
    '{"Image":"app","HostConfig":{"Mounts":[{"Type":"tmpfs","Target":"/h2"}]}}',
    { shows: { Mounts: [{ Type: "bind", Source: "/", Target: "/h2" }] } },
  ),
  spelt(
    "a mount says twice of what type it is",
    400,
    '{"Image":"app","HostConfig":{"Mounts":[{"Type":"volume","Source":"/","Target":"/h","Type":"bind"}]}}',
    '{"Image":"app","HostConfig":{"Mounts":[{"Type":"volume","Source":"$plain","Target":"/h"}]}}',
    { shows: { Mounts: [bind("/")] } },
  ),
  host(
    "a volume that binds a folder of the host is used",
    "host_mounts",
    { Binds: ["$bindvolume:/h"] },
    plainBind,
  ),
  mounts("a volume that binds a folder of the host is mounted", {
    Type: "volume",
    Source: "$bindvolume",
    Target: "/h",
  }),
  host(
    "the mounts of somebody else's container are taken over",
    ["host_mounts", "volumes_from"],
    { VolumesFrom: ["$bound"] },
    { VolumesFrom: ["$own"] },
  ),
  host(
    "the mounts of a container are taken over read-only, by its id",
    ["host_mounts", "volumes_from"],
    { VolumesFrom: ["$bound_id:ro"] },
    { VolumesFrom: ["$own:ro"] },
  ),
  host(
    "the mounts of a container are taken over by the first digits of its id",
    ["host_mounts", "volumes_from"],
    { VolumesFrom: ["$bound_12"] },
    { VolumesFrom: ["$own"] },
  ),
  escape(
    "every mount of the host is at the top level, without HostConfig",
    "unknown_fields",
    create({ Binds: ["/:/h"] }),
    create({ Volumes: { "/h": {} } }),
    { shows: { Binds: ["/:/h"] } },
  ),
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
