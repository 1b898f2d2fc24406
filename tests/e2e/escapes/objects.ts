// Volumes, networks, exec, update and commit: what is made or changed beside the creation of a container.
import { type Call, create, type Escape, escape, post } from "./table.ts";

const volume = (body: unknown): Call => post("/v1.41/volumes/create", body);
const named = (fields: Record<string, unknown> = {}) => volume({ Name: "$name", ...fields });
const options = (DriverOpts: Record<string, string>) => named({ DriverOpts });
const exec = (container: string, fields: Record<string, unknown>) =>
  post(`/v1.41/containers/${container}/exec`, { Cmd: ["true"], ...fields });
const ran = exec("$running", {});
const update = (fields: Record<string, unknown>) => post("/v1.41/containers/$own/update", fields);
const network = (fields: Record<string, unknown>) =>
  post("/v1.41/networks/create", { Name: "$name", ...fields });
const connect = (where: string, Container = "$name") =>
  post(`/v1.41/networks/${where}/connect`, { Container });
const plugged: Call = { ...create({ Labels: { team: "ci" } }), direct: true };

export const volumeEscapes: readonly Escape[] = [
  escape(
    "a volume binds the root of the host",
    "host_mounts",
    options({ type: "none", o: "bind", device: "/" }),
    named(),
    { shows: /"device":"\/"/ },
  ),
  escape(
    "a volume binds with what is mounted below",
    "host_mounts",
    options({ type: "none", o: "rbind,rw", device: "/etc" }),
    named({ DriverOpts: {} }),
  ),
  escape(
    "a volume binds without a type",
    "host_mounts",
    options({ type: "", o: "bind", device: "/" }),
    named({ DriverOpts: null }),
  ),
  escape(
    "a volume binds with a type that means something else",
    "host_mounts",
    options({ type: "tmpfs", o: "bind", device: "/" }),
    options({ type: "tmpfs", device: "tmpfs", o: "size=1m" }),
  ),
  escape(
    "a volume lays one folder of the host over another",
    ["host_mounts", "volume_types"],
    options({ type: "overlay", device: "overlay", o: "lowerdir=/etc:/usr" }),
    named({ Driver: "local" }),
  ),
  escape(
    "a volume mounts a disk of the host",
    ["host_mounts", "volume_types"],
    options({ type: "ext4", device: "/dev/vda" }),
    named({ Labels: { type: "ext4" } }),
  ),
  escape(
    "a volume's options are spelt in small letters",
    "unknown_fields",
    volume('{"Name":"$name","driveropts":{"type":"none","o":"bind","device":"/"}}'),
    volume('{"Name":"$name","Labels":{"driveropts":"none"}}'),
  ),
  escape(
    "a volume's options are spelt with a long s",
    "unknown_fields",
    volume('{"Name":"$name","DriverOpt\u017f":{"type":"none","o":"bind","device":"/"}}'),
    volume('{"Name":"$name","Driver":""}'),
  ),
  escape(
    "a volume's options are there twice and merge",
    400,
    volume('{"Name":"$name","DriverOpts":{"o":"bind","type":"none"},"DriverOpts":{"device":"/"}}'),
    volume('{"DriverOpts":{},"Name":"$name"}'),
    { shows: /"device":"\/","o":"bind"/ },
  ),
  escape(
    "a volume is made by another driver",
    "volume_drivers",
    named({ Driver: "vieux/sshfs" }),
    named({ Driver: "local" }),
    { notHere: "elsewhere" },
  ),
  escape(
    "a volume of a container is made by another driver",
    "volume_drivers",
    create({ HostConfig: { VolumeDriver: "vieux/sshfs" } }),
    create({ HostConfig: { VolumeDriver: "local" } }),
    { shows: { VolumeDriver: "vieux/sshfs" } },
  ),
  escape(
    "a volume's options follow a first value",
    400,
    volume('{"Name":"$name"}{"DriverOpts":{"type":"none","o":"bind","device":"/"}}'),
    named({ Labels: {} }),
  ),
];

export const execEscapes: readonly Escape[] = [
  escape("a command is privileged", "privileged", exec("$running", { Privileged: true }), ran),
  escape(
    "a command is privileged, in small letters",
    "unknown_fields",
    exec("$running", { privileged: true }),
    exec("$running", { Privileged: false }),
  ),
  escape(
    "a command is privileged by the second of two fields",
    400,
    post("/containers/$running/exec", '{"Cmd":["true"],"Privileged":false,"Privileged":true}'),
    exec("$running", { Env: ["A=b"] }),
  ),
  escape(
    "a command is privileged under API 1.24",
    "privileged",
    post("/v1.24/containers/$running/exec", { Cmd: ["true"], Privileged: true }),
    post("/v1.24/containers/$running/exec", { Cmd: ["true"], Tty: false }),
  ),
  escape(
    "a command is privileged by an escaped field",
    "privileged",
    post("/containers/$running/exec", '{"Cmd":["true"],"\\u0050rivileged":true}'),
    exec("$running", { WorkingDir: "/" }),
  ),
  escape(
    "a command is privileged, and its body comes in chunks",
    "privileged",
    { ...exec("$running", { Privileged: true }), framing: "chunked" },
    { ...ran, framing: "chunked" },
  ),
  escape(
    "a command runs as root",
    "user",
    exec("$running", { User: "root" }),
    exec("$running", { User: "1000" }),
    {
      policy: "team",
    },
  ),
  escape(
    "a command runs as the image's user",
    "user",
    ran,
    exec("$running", { User: "1000:1000" }),
    {
      policy: "team",
    },
  ),
  escape(
    "a command is another than allowed",
    "commands",
    exec("$running", { User: "1000", Cmd: ["sh"] }),
    exec("$running", { User: "1000" }),
    {
      policy: "team",
    },
  ),
  escape(
    "a command has more words than allowed",
    "commands",
    exec("$running", { User: "1000", Cmd: ["true", "; sh"] }),
    exec("$running", { User: "1000", Cmd: ["true"] }),
    { policy: "team" },
  ),
  ...["0", "00", "0:1000", "root:root", "nobody", "-0", "+0", "0x0", ""].map((User) =>
    escape(
      `a command runs as ${JSON.stringify(User)}`,
      "user",
      exec("$running", { User }),
      exec("$running", { User: "65534" }),
      { policy: "team" },
    )
  ),
];

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

export const networkEscapes: readonly Escape[] = [
  escape(
    "a network is on a card of the host",
    "network_drivers",
    network({ Driver: "macvlan", Options: { parent: "lo" } }),
    network({ Driver: "bridge" }),
    { notHere: "elsewhere" },
  ),
  escape(
    "a network shares the address of a card of the host",
    "network_drivers",
    network({ Driver: "ipvlan", Options: { parent: "eth0" } }),
    network({ Driver: "bridge", Internal: true }),
    { notHere: "elsewhere" },
  ),
  escape(
    "a second network of the host's own is made",
    "network_drivers",
    network({ Driver: "host" }),
    network({}),
    { notHere: "refused" },
  ),
  escape(
    "a network is made by a plugin",
    "network_drivers",
    network({ Driver: "weaveworks/net-plugin:latest_release" }),
    network({ Labels: { a: "b" } }),
    { notHere: "elsewhere" },
  ),
  escape(
    "a network's driver is spelt in small letters",
    "unknown_fields",
    network({ driver: "macvlan", options: { parent: "lo" } }),
    network({ Attachable: false }),
    { notHere: "elsewhere" },
  ),
  ...([
    ["the host's network", "host", "refused"],
    ["the host's network by its id", "$hostnet_id", "refused"],
    ["a network that is not the team's", "$network"],
    ["a network that is not the team's by its id", "$network_id"],
    ["a network that is not the team's by twelve digits of its id", "$network_12"],
  ] as const).map(([what, where, notHere]) =>
    escape(
      `a container joins ${what} later`,
      "networks",
      connect(where),
      connect("$cinetwork"),
      {
        policy: "team",
        before: [plugged],
        twinBefore: [plugged],
        ...(notHere === undefined ? {} : { notHere }),
      },
    )
  ),
  escape(
    "somebody else's container is brought into the team's network",
    "containers",
    connect("$cinetwork", "$linker"),
    connect("$cinetwork"),
    { policy: "team", twinBefore: [plugged] },
  ),
];
