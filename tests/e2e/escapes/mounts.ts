// Folders of the host and other people's files, by every way into a container.
import { bind, mounts, plainBind, tmpfs } from "./mount_forms.ts";
import { create, type Escape, escape, host, spelt } from "./table.ts";

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
];
