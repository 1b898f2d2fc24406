import { CommandError, keyAndValue } from "./request.ts";
import { bytes, commaSeparated, wrong } from "./units.ts";
import { resolve } from "node:path";

/** `-v` in its two meanings: a mount of something, `/etc:/x`, or an anonymous volume, `/x`. */
export function volumes(flags: readonly string[], cwd: string) {
  const mounted = flags.filter((flag) => flag.includes(":"));
  return {
    binds: mounted.map((flag) => cwd !== "" && flag.startsWith(".") ? absolute(flag, cwd) : flag),
    anonymous: Object.fromEntries(
      flags.filter((flag) => !flag.includes(":")).map((flag) => [flag, {}]),
    ),
  };
}

/** docker 23 and later take `./x:/y` as a path below the current directory. */
function absolute(flag: string, cwd: string): string {
  const colon = flag.indexOf(":");
  return resolve(cwd, flag.slice(0, colon)) + flag.slice(colon);
}

/** `--tmpfs /run:size=64m`. */
export function tmpfs(flags: readonly string[]): Record<string, string> {
  return Object.fromEntries(flags.map((flag) => {
    const colon = flag.indexOf(":");
    return colon < 0 ? [flag, ""] : [flag.slice(0, colon), flag.slice(colon + 1)];
  }));
}

type Options = Record<string, unknown>;

/** One `--mount`: `type=bind,source=/etc,target=/x,readonly`. */
export function mount(flag: string, cwd: string): Options {
  const made: Options = { Type: "volume" };
  const bind: Options = {};
  const volume: Options = {};
  const driver: Options = {};
  const image: Options = {};
  const tmpfs: Options = {};
  for (const field of commaSeparated("--mount", flag)) {
    const [key, given] = keyAndValue(field);
    const name = key.toLowerCase();
    const set = (target: Options, property: string) => target[property] = value(field, given);
    const add = (target: Options, property: string) => {
      const [k, v] = keyAndValue(value(field, given));
      target[property] = { ...target[property] as Options, [k]: v ?? "" };
    };
    switch (name) {
      case "type":
        made["Type"] = value(field, given).toLowerCase();
        break;
      case "source":
      case "src": {
        const text = value(field, given);
        made["Source"] = cwd !== "" && text.startsWith(".") ? resolve(cwd, text) : text;
        break;
      }
      case "target":
      case "dst":
      case "destination":
        set(made, "Target");
        break;
      case "readonly":
      case "ro":
        made["ReadOnly"] = truth(field, given);
        break;
      case "consistency":
        made["Consistency"] = value(field, given).toLowerCase();
        break;
      case "bind-propagation":
        bind["Propagation"] = value(field, given).toLowerCase();
        break;
      case "bind-nonrecursive":
        bind["NonRecursive"] = truth(field, given);
        break;
      case "bind-recursive":
        Object.assign(bind, recursive(field, value(field, given)));
        break;
      case "volume-nocopy":
        volume["NoCopy"] = truth(field, given);
        break;
      case "volume-subpath":
        set(volume, "Subpath");
        break;
      case "volume-label":
        add(volume, "Labels");
        break;
      case "volume-driver":
        set(driver, "Name");
        break;
      case "volume-opt":
        add(driver, "Options");
        break;
      case "image-subpath":
        set(image, "Subpath");
        break;
      case "tmpfs-size":
        tmpfs["SizeBytes"] = bytes("--mount tmpfs-size", value(field, given));
        break;
      case "tmpfs-mode":
        tmpfs["Mode"] = octal(field, value(field, given));
        break;
      default:
        throw wrong("--mount", "keys such as type, source, target, readonly, volume-opt", field);
    }
  }
  if (made["Target"] === undefined) throw wrong("--mount", "a target", flag);
  if (Object.keys(driver).length > 0) volume["DriverConfig"] = driver;
  const options = {
    BindOptions: bind,
    VolumeOptions: volume,
    ImageOptions: image,
    TmpfsOptions: tmpfs,
  };
  const used = Object.entries(options).filter(([, inner]) => Object.keys(inner).length > 0);
  return { ...made, ...Object.fromEntries(used) };
}

function recursive(field: string, text: string): Options {
  switch (text) {
    case "enabled":
      return {};
    case "disabled":
      return { NonRecursive: true };
    case "writable":
      return { ReadOnlyNonRecursive: true };
    case "readonly":
      return { ReadOnlyForceRecursive: true };
  }
  throw wrong("--mount", "bind-recursive=enabled, disabled, writable or readonly", field);
}

function value(field: string, given: string | undefined): string {
  if (given !== undefined) return given;
  throw new CommandError(`--mount: ${JSON.stringify(field)} needs a value`);
}

function truth(field: string, given: string | undefined): boolean {
  if (given === undefined || /^(1|t|true)$/i.test(given)) return true;
  if (/^(0|f|false)$/i.test(given)) return false;
  throw wrong("--mount", "true or false", field);
}

function octal(field: string, text: string): number {
  if (/^[0-7]+$/.test(text)) return parseInt(text, 8);
  throw wrong("--mount", "an octal tmpfs-mode like 1770", field);
}
