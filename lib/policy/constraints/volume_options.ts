import { denied } from "./finding.ts";
import { judgeBind } from "./host_mounts.ts";
import type { Judgement } from "./lookups.ts";
import { allows, isOpen } from "./patterns.ts";
import { judgeDevicePath } from "./devices.ts";
import type { Pairs } from "./spec.ts";
import type { Limits } from "./types.ts";
import { notAllowed, shown } from "./wording.ts";

/** What a volume is made of, where it is used. */
export interface VolumeSource {
  /** "" for the engine's default, local. */
  readonly driver: string;
  readonly options: Pairs;
  /** The container's mount of it is. */
  readonly readOnly: boolean;
}

const OPTIONS = ["type", "o", "device", "size"];

/** Types whose device is a name of the network's, or none. */
const REMOTE = ["nfs", "nfs4", "cifs", "smb3", "tmpfs", "none", ""];

/**
 * A volume's driver and options. The local driver gives `type`, `o` and `device` to mount(2) (moby volume/local): with `bind` in `o`
 * that is a folder of the host like any other, whatever `type` says.
 */
export function* judgeVolumeSource(limits: Limits, source: VolumeSource): Judgement {
  const driver = source.driver === "" ? "local" : source.driver;
  if (!allows(limits.volume_drivers, driver)) {
    return notAllowed("volume_drivers", limits.volume_drivers, driver);
  }
  // What another driver makes of its options is for those to know who allowed it.
  if (driver !== "local") return undefined;
  const keys = source.options.map(([key]) => key.toLowerCase());
  const odd = keys.find((key, i) => !OPTIONS.includes(key) || keys.indexOf(key) !== i);
  if (odd !== undefined) {
    // The engine knows no other, and one key twice has two readings.
    return denied("volume_types", `a local volume's option ${shown(odd)} cannot be judged`, "");
  }
  const value = (key: string) => source.options[keys.indexOf(key)]?.[1] ?? "";
  const [type, o, device] = [value("type"), value("o"), value("device")];
  if (type === "" && o === "" && device === "") return undefined;
  const flags = o.split(",");
  if (flags.includes("bind") || flags.includes("rbind")) {
    // What is mounted below a folder stays writable when the folder is bound with it.
    const own = flags.includes("ro") && !flags.includes("rw") && !flags.includes("rbind");
    const readOnly = source.readOnly || own;
    return yield* judgeBind(limits, { source: device, readOnly, shared: false, asWritten: true });
  }
  if (!allows(limits.volume_types, type)) {
    return notAllowed("volume_types", limits.volume_types, type, "a volume of type");
  }
  if (isOpen(limits.volume_types)) return undefined;
  return yield* judgeFileSystem(limits, type, flags, device);
}

/** File systems with a device of this host, and overlays, which are made of its folders. */
function* judgeFileSystem(
  limits: Limits,
  type: string,
  flags: readonly string[],
  device: string,
): Judgement {
  const folders = flags.filter((flag) => /^(?:lower|upper|work)dir\+?=/.test(flag))
    .flatMap((flag) => flag.slice(flag.indexOf("=") + 1).split(":"))
    .filter((folder) => folder !== "");
  for (const source of folders) {
    const readOnly = false;
    const against = yield* judgeBind(limits, { source, readOnly, shared: false, asWritten: true });
    if (against !== undefined) return against;
  }
  if (REMOTE.includes(type) || !device.startsWith("/")) return undefined;
  return yield* judgeDevicePath(limits, device);
}
