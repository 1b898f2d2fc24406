import type { Json, JsonString } from "../../json/value.ts";
import { flagAt, itemsAt, objectAt, stringsAt, textAt, textsAt } from "./reading.ts";
import { type Inherited, inPlaceOf, type Mount } from "./spec.ts";

const SHARED = ["shared", "rshared"];

/** Every way by which a SpecGenerator shows a container something of the host, or makes the engine read or write a file there. */
export function readLibpodMounts(root: Json): Mount[] {
  return [
    ...itemsAt(root, "mounts").map(readOciMount),
    ...itemsAt(root, "volumes").flatMap(readVolume),
    ...itemsAt(root, "overlay_volumes").flatMap(readOverlay),
    ...itemsAt(root, "image_volumes").map((volume) => image(textAt(volume, "Source"))),
    ...itemsAt(root, "artifact_volumes").map((volume) => image(textAt(volume, "source"))),
    ...readPaths(root),
    ...readOthers(root),
  ];
}

/** runc takes everything with `bind` or `rbind` among its options for a bind, whatever its type. */
function readOciMount(mount: Json): Mount {
  const type = textAt(mount, "type");
  const options = textsAt(mount, "options");
  const source = textAt(mount, "source");
  if (type === "bind" || options.includes("bind") || options.includes("rbind")) {
    return { kind: "bind", source, ...access(options) };
  }
  return type === "tmpfs" ? { kind: "tmpfs" } : { kind: "other", what: `a mount of type ${type}` };
}

/** `U` gives the files on the host to the container's user. */
function access(options: readonly string[]) {
  const writes = ["rw", "U", "U=true", "chown"].some((option) => options.includes(option));
  return {
    readOnly: (options.includes("ro") || options.includes("rro")) && !writes,
    shared: options.some((option) => SHARED.includes(option)),
  };
}

/** With `O` among its options it is under a layer, as an overlay volume is. */
function readVolume(volume: Json): Mount[] {
  const { readOnly } = access(textsAt(volume, "Options"));
  const below: Mount = {
    kind: "volume",
    name: textAt(volume, "Name"),
    readOnly,
    driver: "",
    options: [],
  };
  return [below, ...readLayers(textsAt(volume, "Options"))];
}

function readLayers(options: readonly string[]): Mount[] {
  return options.filter((option) => /^(?:upper|work|lower)dir=/.test(option))
    .map((option) => bind(option.slice(option.indexOf("=") + 1), false));
}

/** A folder of the host, or a volume, under a layer that takes what is written; `upperdir` and `workdir` say where that goes. */
function readOverlay(volume: Json): Mount[] {
  const source = textAt(volume, "source");
  const layers = readLayers(textsAt(volume, "options"));
  const isVolume = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(source);
  const below: Mount = isVolume
    ? { kind: "volume", name: source, readOnly: true, driver: "", options: [] }
    : bind(source, !textsAt(volume, "options").includes("U"));
  return [below, ...layers];
}

function bind(source: string, readOnly: boolean): Mount {
  return { kind: "bind", source, readOnly, shared: false };
}

function image(reference: string): Mount {
  return { kind: "image", reference };
}

/** Names of time zones become paths below /usr/share/zoneinfo, and that file becomes the container's. */
const ZONE = /^(?:[A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+)*)?$/;

/** Paths of the host in fields of their own. */
function readPaths(root: Json): Mount[] {
  const mapping = objectAt(objectAt(root, "idmappings"), "AutoUserNsOpts");
  const zone = textAt(root, "timezone");
  const hosts = textAt(root, "base_hosts_file");
  const health = textAt(root, "healthLogDestination");
  const read = [
    textAt(root, "init_path"),
    textAt(mapping, "PasswdFile"),
    textAt(mapping, "GroupFile"),
    ["none", "image"].includes(hosts) ? "" : hosts,
    ZONE.test(zone) ? "" : `/usr/share/zoneinfo/${zone}`,
  ];
  const written = [
    textAt(root, "conmon_pid_file"),
    textAt(objectAt(root, "log_configuration"), "path"),
    ["local", "events_logger"].includes(health) ? "" : health,
  ];
  const rootfs = textAt(root, "rootfs");
  return [
    ...read.filter((path) => path !== "").map((path) => bind(path, true)),
    ...written.filter((path) => path !== "").map((path) => bind(path, false)),
    ...(rootfs === "" ? [] : [bind(rootfs, flagAt(root, "rootfs_overlay"))]),
  ];
}

/** What gives away something of the host or of the engine, and can be compared to no pattern. */
function readOthers(root: Json): Mount[] {
  const secrets = itemsAt(root, "secrets").map((secret) => textAt(secret, "Source"));
  const inEnv = textsOf(objectAt(root, "secret_env"));
  const whats = [
    ...[...secrets, ...inEnv].map((name) => `the engine's secret ${name}`),
    ...(flagAt(root, "env_host") ? ["the engine's environment (env_host)"] : []),
    ...textsAt(root, "hostusers").map((user) => `the host's user ${user}`),
    ...textsAt(root, "chroot_directories").map((path) => `the chroot directory ${path}`),
    ...(objectAt(root, "intelRdt") === undefined ? [] : ["intelRdt"]),
  ];
  const propagation = textAt(root, "rootfs_propagation");
  if (propagation.includes("shared")) whats.push(`a root file system that is ${propagation}`);
  return whats.map((what) => ({ kind: "other", what }));
}

function textsOf(object: Json | undefined): string[] {
  if (object?.kind !== "object") return [];
  return [...object.members.values()].map((value) => value.kind === "string" ? value.value : "");
}

/** `name`, `name:ro,z`. */
export function readLibpodVolumesFrom(root: Json): Inherited[] {
  return stringsAt(root, "volumes_from").map((string: JsonString) => {
    const [name = "", options = ""] = string.value.split(":", 2);
    const tail = string.value.slice(name.length);
    const readOnly = options.split(",").includes("ro");
    return {
      name,
      readOnly,
      writable: tail !== "" && !readOnly,
      replace: (id) => inPlaceOf(string, id + tail),
    };
  });
}
