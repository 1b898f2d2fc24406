// Volumes that are made for themselves.
import { type Call, create, type Escape, escape, post } from "./table.ts";

const volume = (body: unknown): Call => post("/v1.41/volumes/create", body);
const named = (fields: Record<string, unknown> = {}) => volume({ Name: "$name", ...fields });
const options = (DriverOpts: Record<string, string>) => named({ DriverOpts });

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
