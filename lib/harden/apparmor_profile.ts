import { dirname } from "node:path";
import { abiOf } from "./apparmor_kernel.ts";
import { everythingIn, literalPath } from "./apparmor_path.ts";
import { isShared } from "./container.ts";
import type { Facts } from "./part.ts";
import { gateUpstreams, withoutLink } from "./real_sockets.ts";
import { DENO_DIR, isInterpreted } from "./service_unit.ts";

/** The profile `postern`, which the service's unit names: the gate of this configuration, and nothing else. */
export function gateProfile(facts: Facts): string {
  const { config } = facts;
  const abi = abiOf(facts);
  const overTcp = config.listeners.some(({ tcp }) => tcp !== undefined);
  const asRoot = config.runAs !== undefined || facts.user === "root";
  const blocks = [
    ["The program.", ...program(facts)],
    ["Its configuration.", ...configuration(facts)],
    [
      "The real socket: to connect takes the right to write (unix(7)).",
      ...gateUpstreams(facts).map((path) => `${literalPath(path)} rw,`),
    ],
    [
      "Its own sockets, the lock on their folder, and .new for a socket that is made anew.",
      ...sockets(facts),
    ],
    ...(config.audit.to === "file" ? [["Its records.", ...records(config.audit.path)]] : []),
    ["Users and groups, the service manager.", ...names],
    [
      "Who is calling: ids, program and container of other processes. / is opened to see whether",
      "Landlock holds: without this it would seem to.",
      ...processes,
    ],
    ["No network but unix sockets with a file.", ...network(overTcp)],
    ...(asRoot ? [["To open sockets for others, and to become another user.", ...asOther]] : []),
  ];
  const text = blocks.map((block) =>
    block.map((line) => `  ${isRule(line) ? "" : "# "}${line}\n`).join("")
  );
  return [
    "# Written by postern harden; changes of your own belong into local/postern.\n",
    ...(abi === undefined ? [] : [`abi <abi/${abi}>,\n`]),
    "include <tunables/global>\n\n",
    "profile postern flags=(attach_disconnected) {\n  include <abstractions/base>\n\n",
    text.join("\n"),
    abi === undefined ? "" : "\n  include if exists <local/postern>\n",
    "}\n",
  ].join("");
}

function isRule(line: string): boolean {
  return line.endsWith(",");
}

function program({ config, program }: Facts): string[] {
  // With run_as it begins itself anew, in the same profile.
  const start = config.runAs === undefined ? "mr" : "mrix";
  const executable = `${literalPath(program[0]!)} ${start},`;
  const libraries = [
    "/{,usr/}lib{,32,64}/** mr,",
    "/nix/store/** mr,",
    // By which systemd has it read its configuration anew, in the same profile (ExecReload=).
    "/{,usr/}bin/kill mr,",
  ];
  if (!isInterpreted(program)) return [executable, ...libraries];
  const home = dirname(program.at(-1)!);
  return [
    executable,
    ...libraries,
    `${everythingIn(home)} r,`,
    `${everythingIn(DENO_DIR)} rk,`,
    `deny ${everythingIn(DENO_DIR)} w,`,
    // The runtime looks for a project's files in every folder above.
    ...above(home).map((folder) =>
      `${literalPath(folder, "{deno.json,deno.jsonc,package.json}")} r,`
    ),
  ];
}

function above(folder: string): string[] {
  const folders = [];
  for (let at = dirname(folder);; at = dirname(at)) {
    folders.push(at === "/" ? "/" : `${at}/`);
    if (at === "/") return folders;
  }
}

function configuration({ config, configFile }: Facts): string[] {
  const { authz, listeners, policyFiles } = config;
  const files = [configFile, ...policyFiles.map(({ file }) => file)].filter((f) =>
    f.startsWith("/")
  );
  const certificates = listeners.flatMap(({ tls }) => Object.values(tls?.files ?? {}));
  const [own, others] = [
    files.filter((file) => !isShared(dirname(file))),
    files.filter((file) => isShared(dirname(file))),
  ];
  return [
    ...unique(own.map(dirname)).map((folder) => `${everythingIn(folder)} r,`),
    // A folder of everybody's, /etc for one, is listed at most.
    ...unique([...others, ...others.map((file) => dirname(file).replace(/\/*$/, "/"))])
      .map((path) => `${literalPath(path)} r,`),
    ...unique(certificates).map((file) => `${literalPath(file)} r,`),
    ...(authz === undefined ? [] : [`${literalPath(authz.breakGlass)} r,`]),
  ];
}

function sockets({ config: { authz, listeners } }: Facts): string[] {
  const paths = [
    ...listeners.filter(({ tcp }) => tcp === undefined).map(({ socket }) => socket),
    ...(authz === undefined ? [] : [authz.socket]),
  ].map(withoutLink);
  return [
    ...paths.map((path) => `${literalPath(path, "{,.new}")} rw,`),
    // An exclusive lock takes the right to write, whatever the folder was opened for.
    ...unique(paths.map(dirname)).map((folder) => `${literalPath(`${folder}/`)} rwk,`),
  ];
}

function records(named: string): string[] {
  const path = withoutLink(named);
  return [`${literalPath(path, "{,.*}")} rwk,`, `${literalPath(`${dirname(path)}/`)} rk,`];
}

const names = [
  "/etc/{passwd,group,nsswitch.conf,host.conf,hosts,resolv.conf,localtime} r,",
  "/etc/ssl/openssl.cnf r,",
  "/{,var/}run/nscd/socket rw,",
  "/var/{cache/nscd,lib/extrausers,lib/sss}/** r,",
  "/run/systemd/userdb/{,*} rw,",
  "/{,var/}run/systemd/notify w,",
];

const processes = [
  "/ r,",
  "ptrace (read),",
  "@{PROC}/@{pid}/{cgroup,exe,gid_map,maps,mountinfo,stat,status,uid_map} r,",
  "@{PROC}/@{pid}/task/{,*/status} r,",
  "@{PROC}/{cpuinfo,meminfo} r,",
  "@{PROC}/sys/{kernel/{osrelease,overflowgid,overflowuid,seccomp/**},net/core/somaxconn,vm/overcommit_memory} r,",
  "/sys/fs/cgroup/{,**} r,",
  "/sys/devices/system/cpu/{,**} r,",
];

function network(overTcp: boolean): string[] {
  const all = "create, getattr, setattr, getopt, setopt, shutdown, send, receive";
  return [
    // To connect is not among them: where the kernel looks, a socket with a file goes by the rules about files.
    `unix (${all}, bind, listen, accept) type=stream,`,
    `unix (${all}) type=dgram,`,
    ...(overTcp ? ["network inet stream,", "network inet6 stream,"] : []),
  ];
}

/** It begins itself anew then, with the arguments and the environment that it has. */
const asOther = [
  ...["chown", "dac_override", "dac_read_search", "fowner", "setgid", "setpcap", "setuid"].map((
    name,
  ) => `capability ${name},`),
  "owner @{PROC}/@{pid}/{cmdline,environ} r,",
];

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
