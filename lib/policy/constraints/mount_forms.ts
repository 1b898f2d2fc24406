import type { Json } from "../../json/value.ts";
import { flagAt, objectAt, pairsAt, textAt } from "./reading.ts";
import type { Mount } from "./spec.ts";

const SHARED = ["shared", "rshared"];

/** The engine's modes (moby volume/mounts linuxParser), and those of Podman that say how the container sees what is mounted. */
const MODES: ReadonlySet<string> = new Set([
  "",
  ...["ro", "rw", "z", "Z", "nocopy", "copy", "U"],
  ...["private", "rprivate", "slave", "rslave", ...SHARED],
  ...["consistent", "cached", "delegated", "default"],
  ...["bind", "rbind", "dev", "nodev", "exec", "noexec", "suid", "nosuid"],
]);

/**
 * An entry of HostConfig.Binds: `target`, `source:target` or `source:target:mode`, where a source that begins with a slash is a path
 * of the host and any other the name of a volume (moby volume/mounts linuxParser.ParseMountRaw). Podman has more modes: `O` puts
 * a layer over it that is written to where `upperdir=/etc` says, `U` gives the files on the host to the container's user.
 */
export function readBind(text: string, volumeDriver: string): Mount {
  const [source, target, mode, ...more] = text.split(":");
  if (source === "" || source === undefined || more.length > 0) {
    return { kind: "other", what: `the bind ${text}` };
  }
  if (target === undefined) return anonymous(volumeDriver);
  const modes = (mode ?? "").split(",");
  if (!modes.every((word) => MODES.has(word))) return { kind: "other", what: `the bind ${text}` };
  const readOnly = modes.includes("ro") && !modes.includes("U");
  if (source.startsWith("/")) {
    return { kind: "bind", source, readOnly, shared: modes.some((word) => SHARED.includes(word)) };
  }
  return { kind: "volume", name: source, readOnly, driver: volumeDriver, options: [] };
}

function anonymous(driver: string): Mount {
  return { kind: "volume", name: "", readOnly: false, driver, options: [] };
}

/** An entry of Mounts, in a container or a service (moby mount.Mount). Types are as they are written: the engine knows no `BIND`. */
export function readMount(mount: Json): Mount {
  const type = textAt(mount, "Type");
  const source = textAt(mount, "Source");
  const readOnly = flagAt(mount, "ReadOnly");
  const odd = pieces(mount).find((piece) => /[",\n]/.test(piece));
  if (odd !== undefined) return { kind: "other", what: `a mount with ${odd} in it` };
  switch (type) {
    case "bind": {
      const options = objectAt(mount, "BindOptions");
      return {
        kind: "bind",
        source,
        // What is mounted below stays writable with ReadOnlyNonRecursive.
        readOnly: readOnly && !flagAt(options, "ReadOnlyNonRecursive"),
        shared: SHARED.includes(textAt(options, "Propagation")),
      };
    }
    case "volume": {
      const driver = objectAt(objectAt(mount, "VolumeOptions"), "DriverConfig");
      return {
        kind: "volume",
        name: source,
        readOnly,
        driver: textAt(driver, "Name"),
        options: pairsAt(driver, "Options"),
      };
    }
    case "tmpfs":
      return { kind: "tmpfs" };
    case "image":
      return { kind: "image", reference: source };
    default:
      return { kind: "other", what: `a mount of type ${type === "" ? '""' : type}` };
  }
}

/** What Podman writes into one line, `type=volume,source=…`, and reads again: a comma would begin another field. */
function pieces(mount: Json): string[] {
  const volume = objectAt(mount, "VolumeOptions");
  return [
    textAt(mount, "Source"),
    textAt(mount, "Target"),
    textAt(mount, "Consistency"),
    textAt(objectAt(mount, "BindOptions"), "Propagation"),
    textAt(volume, "Subpath"),
    textAt(objectAt(mount, "ImageOptions"), "Subpath"),
    ...pairsAt(volume, "Labels").flat(),
  ];
}
