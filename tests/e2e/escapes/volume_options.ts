// Volumes whose options mount what is the host's.
import { bound, mounts, plain, rootOptions, volume } from "./mount_forms.ts";
import { type Escape, host, spelt } from "./table.ts";

export const optionEscapes: readonly Escape[] = [
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
];
