import { dirname } from "node:path";
import type { Facts } from "./part.ts";
import { gateUpstreams, realSockets } from "./real_sockets.ts";
import { contextPath, nameInPolicy } from "./selinux_policy.ts";
import { DENO_DIR, isInterpreted } from "./service_unit.ts";
import { domainRules, rawRules, tcpRules } from "./selinux_rules.ts";

/** The type of the real socket. */
export const ENGINE = "postern_engine_t";

/** Folders whose files only the gate writes: its sockets', and its records'. */
export function ownFolders({ config: { audit, authz, listeners } }: Facts): string[] {
  return [
    ...new Set([
      ...listeners.filter(({ tcp }) => tcp === undefined).map(({ socket }) => dirname(socket)),
      ...(authz === undefined ? [] : [dirname(authz.socket)]),
      ...(audit.to === "file" ? [dirname(audit.path)] : []),
    ]),
  ];
}

/** Folders with what the gate only reads, where no policy's own labels let it. */
export function readFolders({ config, configFile, program }: Facts): string[] {
  const { listeners, policyFiles } = config;
  const files = [
    configFile,
    ...policyFiles.map(({ file }) => file),
    ...listeners.flatMap(({ tls }) => Object.values(tls?.files ?? {})),
  ].filter((file) => file.startsWith("/"));
  const folders = [...files.map(dirname), ...(isInterpreted(program) ? [DENO_DIR] : [])];
  return [...new Set(folders)].filter((folder) => !/^\/(?:etc|usr)(?:\/|$)/.test(folder));
}

/**
 * The module `postern` in CIL (SELinux Common Intermediate Language Reference Guide): a domain for the gate, and a type for the real
 * socket that this domain alone may connect to. `labelled`: the real sockets whose type is given here. Throws Refused.
 */
export function selinuxModule(facts: Facts, labelled: readonly string[]): string {
  const { config, program, user } = facts;
  const named = (path: string) => nameInPolicy(facts, path);
  const overTcp = config.listeners.some(({ tcp }) => tcp !== undefined);
  return [
    "; Written by postern harden: semodule --install postern.cil",
    "(type postern_t)",
    "(roletype system_r postern_t)",
    ...["postern_exec_t", "postern_etc_t", "postern_var_t", ENGINE].flatMap((type) => [
      `(type ${type})`,
      `(roletype object_r ${type})`,
    ]),
    "(typeattributeset domain (postern_t))",
    "(typeattributeset file_type (postern_exec_t postern_etc_t postern_var_t))",
    "(typeattributeset entry_type (postern_exec_t))",
    "(typeattributeset exec_type (postern_exec_t))",
    "",
    "; The program, and what it reads.",
    "(allow postern_t postern_exec_t (file (entrypoint execute execute_no_trans getattr ioctl map open read)))",
    "(allow postern_t postern_etc_t (dir (getattr open read search watch)))",
    "(allow postern_t postern_etc_t (file (getattr ioctl lock map open read watch)))",
    "(allow postern_t postern_etc_t (lnk_file (getattr read)))",
    "(dontaudit postern_t postern_etc_t (dir (add_name write)))",
    "(dontaudit postern_t postern_etc_t (file (write)))",
    "",
    ...domainRules(config.runAs !== undefined || user === "root"),
    ...(overTcp ? ["", ...tcpRules] : []),
    ...(gateUpstreams(facts).length > realSockets(facts).length ? ["", ...rawRules] : []),
    "",
    "; Which file is of which type.",
    context(named(program[0]!), "file", "postern_exec_t"),
    ...readFolders(facts).map((folder) => everythingIn(named(folder), "postern_etc_t")),
    ...ownFolders(facts).map((folder) => everythingIn(named(folder), "postern_var_t")),
    ...labelled.map((path) => context(named(path), "socket", ENGINE)),
    "",
  ].join("\n");
}

function context(path: string, kind: "file" | "socket", type: string): string {
  return line(contextPath(path), kind, type);
}

function everythingIn(folder: string, type: string): string {
  return line(`${contextPath(folder)}(/.*)?`, "any", type);
}

function line(pattern: string, kind: string, type: string): string {
  return `(filecon "${pattern}" ${kind} (system_u object_r ${type} ((s0) (s0))))`;
}
