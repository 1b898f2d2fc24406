import type { Limits } from "../../policy/constraints/types.ts";
import { closest } from "../../policy/suggest.ts";
import { got } from "../got.ts";
import type { Parsed } from "../values.ts";

type Check = (text: string) => Parsed<string>;

/** capabilities(7), Linux 6.12; ALL as docker's --cap-add takes it. */
const CAPABILITIES = ("ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF " +
  "CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE " +
  "LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW " +
  "PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE " +
  "SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM").split(" ");

const fine: Check = (value) => ({ value });

const path: Check = (text) => {
  if (!text.startsWith("/")) return { problem: `must be an absolute path: ${got(text)}` };
  if (text.includes("\0")) return { problem: `must not contain a NUL: ${got(text)}` };
  if (/\/\.{0,2}\/|\/\.{1,2}$/.test(text)) {
    return { problem: `must be a path without "//", "." and "..": ${got(text)}` };
  }
  if (text === "/" || !text.endsWith("/")) return { value: text };
  const folder = text.slice(0, -1);
  return {
    problem: `must not end with a slash: ${got(text)}`,
    hint: `write ${folder}, or ${folder}/** for what is below`,
  };
};

const capability: Check = (text) => {
  const value = text.toUpperCase().replace(/^CAP_/, "");
  if (value === "*" || CAPABILITIES.includes(value)) return { value };
  const near = closest(value, CAPABILITIES);
  return {
    problem: `must be the name of a capability: ${got(text)}`,
    ...(near === undefined ? {} : { hint: `did you mean ${near}` }),
  };
};

/** One of some words, or what begins with `container:` and the like. */
function oneOf(known: readonly string[], prefixes: readonly string[] = []): Check {
  return (text) => {
    const prefix = prefixes.find((prefix) => text.startsWith(prefix) && text !== prefix);
    if (prefix !== undefined || known.includes(text) || text === "*") return { value: text };
    const near = closest(text, known);
    const all = [...known, ...prefixes.map((prefix) => `${prefix}NAME`)];
    return {
      problem: `must be ${all.length === 1 ? "" : "one of "}${all.join(", ")}: ${got(text)}`,
      ...(near === undefined ? {} : { hint: `did you mean ${near}` }),
    };
  };
}

const port: Check = (text) => {
  const [, host, first, last] =
    /^(?:(\[[0-9a-fA-F:.]+\]|[0-9.]+|\*):)?(\d{1,5})(?:-(\d{1,5}))?(?:\/(?:tcp|udp|sctp))?$/
      .exec(text) ?? [];
  const [from, to] = [Number(first), Number(last ?? first)];
  const isPort = first !== undefined && from >= 1 && from <= to && to <= 65_535;
  return isPort && (host === undefined || !/^[0-9.]+$/.test(host) || isIpv4(host))
    ? { value: text }
    : { problem: `must be ports like 8080, 8000-8999 or 127.0.0.1:8080: ${got(text)}` };
};

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}

const reference: Check = (text) => {
  const [, rest] = /^[a-z][a-z0-9+.-]*:\/\/(.*)$/i.exec(text) ?? [];
  if (rest !== undefined) {
    return { problem: `must be a reference without a scheme: ${got(text)}`, hint: `write ${rest}` };
  }
  return /\s|\/$/.test(text)
    ? { problem: `must be a reference like registry.example.com/ci/**: ${got(text)}` }
    : { value: text };
};

const name: Check = (text) =>
  text.startsWith("/")
    ? { problem: `must be a name, without a slash before it: ${got(text)}` }
    : { value: text };

const volume: Check = (text) =>
  text.startsWith("/")
    ? {
      problem: `must be the name of a volume, not a path: ${got(text)}`,
      hint: `write host_mounts: [${text}]`,
    }
    : { value: text };

const command: Check = (text) =>
  /(^|\s)\*\*\s+\S/.test(text)
    ? { problem: `can have ** only as its last word: ${got(text)}` }
    : { value: text };

const variable: Check = (text) =>
  text.includes("=")
    ? { problem: `must be a variable's name, without a value: ${got(text)}` }
    : { value: text };

const label: Check = (text) =>
  text.startsWith("=") ? { problem: `must be like team=ci, or team: ${got(text)}` } : {
    value: text,
  };

const checks: Readonly<Partial<Record<keyof Limits, Check>>> = {
  host_mounts: path,
  devices: path,
  checkpoint_dirs: path,
  volumes: volume,
  volumes_from: name,
  links: name,
  names: name,
  capabilities: capability,
  pid_mode: oneOf(["host", "private"], ["container:"]),
  ipc_mode: oneOf(["none", "private", "shareable", "host"], ["container:"]),
  uts_mode: oneOf(["host", "private"]),
  userns_mode: oneOf(["host", "private", "auto", "keep-id", "nomap"], ["auto:", "keep-id:"]),
  cgroupns_mode: oneOf(["private", "host"]),
  restart_policies: oneOf(["no", "always", "on-failure", "unless-stopped"]),
  images: reference,
  plugins: reference,
  ports: port,
  commands: command,
  refused_env: variable,
};

/** Keys where `none` is a value of its own. */
const hasNone: ReadonlySet<keyof Limits> = new Set(["ipc_mode", "networks", "log_drivers"]);

/** One item of a key's list, as it is compared; or what is wrong with it. */
export function checkPattern(key: keyof Limits, text: string): Parsed<string> {
  if (text === "any") {
    return { problem: "cannot have any among others", hint: `write ${key}: any` };
  }
  if (text === "none" && !hasNone.has(key)) {
    return { problem: "has no value none", hint: `write ${key}: [] where nothing is allowed` };
  }
  return (checks[key] ?? fine)(text);
}

/** One item of a selector of existing containers. */
export function checkSelector(key: "name" | "label" | "image", text: string): Parsed<string> {
  return { name, label, image: reference }[key](text);
}
