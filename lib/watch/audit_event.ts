import { type AuditRecord, untrusted, untrustedText } from "./audit_record.ts";
import type { FileId } from "./program.ts";

/** By which the rules of `postern harden` mark what they record. */
export const AUDIT_KEY = "docker_socket";

/** A connect(2) that a rule has recorded. */
export interface AuditedConnect {
  readonly time: number;
  readonly errno: number;
  readonly pid: number;
  readonly uid: number;
  readonly parent: number;
  readonly comm?: string;
  readonly exe?: string;
  readonly command?: readonly string[];
  /** The path as the process wrote it. */
  readonly path?: string;
  /** The files that the path led to. */
  readonly files: readonly FileId[];
}

/** connect's number by the architecture of the call (AUDIT_ARCH_*, linux/audit.h). */
const CONNECT: Readonly<Record<string, readonly string[]>> = {
  c000003e: ["42"],
  c00000b7: ["203"],
  "40000003": ["362"],
  "40000028": ["283"],
};
const I386 = "40000003";
const SOCKETCALL = "102";
const SYS_CONNECT = "3";

/** The connect that the records of one event tell of; undefined when it is something else, or no rule of ours recorded it. */
export function readConnect(records: readonly AuditRecord[]): AuditedConnect | undefined {
  const call = records.find(({ type }) => type === "SYSCALL");
  if (call === undefined || !isConnect(call.fields) || !hasKey(call.fields)) return undefined;
  const { fields, time } = call;
  const of = (type: string) => records.find((record) => record.type === type)?.fields;
  const number = (name: string) => Number(fields.get(name));
  const command = untrustedText(of("PROCTITLE")?.get("proctitle"));
  const path = sunPath(untrusted(of("SOCKADDR")?.get("saddr")));
  return {
    time,
    errno: fields.get("success") === "yes" ? 0 : -number("exit"),
    pid: number("pid"),
    uid: number("euid"),
    parent: number("ppid"),
    ...optional("comm", untrustedText(fields.get("comm"))),
    ...optional("exe", untrustedText(fields.get("exe"))),
    ...optional("command", command?.replace(/\0$/, "").split("\0")),
    ...optional("path", path),
    files: records.filter(({ type }) => type === "PATH").flatMap(({ fields }) => fileOf(fields)),
  };
}

function isConnect(fields: ReadonlyMap<string, string>): boolean {
  const arch = fields.get("arch") ?? "";
  const call = fields.get("syscall") ?? "";
  if (CONNECT[arch]?.includes(call)) return true;
  return arch === I386 && call === SOCKETCALL && fields.get("a0") === SYS_CONNECT;
}

/** Several keys of one rule are one string with \x01 between them (AUDIT_KEY_SEPARATOR, libaudit.h). */
function hasKey(fields: ReadonlyMap<string, string>): boolean {
  return untrustedText(fields.get("key"))?.split("\x01").includes(AUDIT_KEY) ?? false;
}

/** A sockaddr_un's path (unix(7)), for both byte orders: AF_UNIX is 1. */
function sunPath(address: Uint8Array | undefined): string | undefined {
  if (address === undefined || address[0]! + address[1]! !== 1 || address.length < 3) {
    return undefined;
  }
  const path = address.subarray(2);
  const end = path.indexOf(0);
  return new TextDecoder().decode(end < 0 ? path : path.subarray(0, end)) || undefined;
}

function fileOf(fields: ReadonlyMap<string, string>): FileId[] {
  const [, major, minor] = /^([0-9a-f]+):([0-9a-f]+)$/.exec(fields.get("dev") ?? "") ?? [];
  const inode = fields.get("inode");
  if (major === undefined || !/^[0-9]+$/.test(inode ?? "")) return [];
  const device = parseInt(major, 16) * (1 << 20) + parseInt(minor!, 16);
  return [{ device, inode: BigInt(inode!) }];
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : { [key]: value } as { [P in K]: V };
}
