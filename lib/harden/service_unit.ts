import { dirname } from "node:path";
import type { Facts } from "./part.ts";
import { readFiles } from "./read_files.ts";
import { listedPath, unitWord } from "./units.ts";

/** Where the service finds the runtime's cache of what Postern imports: root's, and readable for the gate. */
export const DENO_DIR = "/var/lib/postern/deno";

/** What systemd makes for the gate's user when the audit file is there (LogsDirectory=). */
export const LOGS = "/var/log/postern";

/** postern.service: the gate as its own user, behind every wall of systemd's that it can live behind. */
export function serviceUnit(facts: Facts, sockets: readonly string[]): string {
  const blocks = [
    ["# Written by `postern harden`; `postern harden revert` takes it back."],
    unit(facts, sockets),
    service(facts, sockets),
    identity(facts),
    files(facts),
    network,
    kernel,
    absent,
    ["[Install]", "WantedBy=multi-user.target"],
  ];
  return blocks.map((lines) => lines.join("\n") + "\n").join("\n");
}

function unit({ config }: Facts, sockets: readonly string[]): string[] {
  return [
    "[Unit]",
    "Description=Postern, a gate in front of the Docker Engine's socket",
    `After=${["docker.socket", ...sockets].join(" ")}`,
    ...(sockets.length === 0 ? [] : [`Requires=${sockets.join(" ")}`]),
    ...(config.authz === undefined
      ? []
      : ["# dockerd does not start without its plugin.", "Before=docker.service"]),
  ];
}

function service(facts: Facts, sockets: readonly string[]): string[] {
  const { config, configFile, program } = facts;
  return [
    "[Service]",
    "Type=notify",
    "NotifyAccess=main",
    "WatchdogSec=30",
    "Restart=on-failure",
    ...(sockets.length === 0 ? [] : [`Sockets=${sockets.join(" ")}`]),
    ...(isInterpreted(program) ? [`Environment=DENO_DIR=${DENO_DIR} DENO_NO_UPDATE_CHECK=1`] : []),
    ...(config.authz === undefined ? [] : pluginFolder(dirname(config.authz.socket), facts)),
    `ExecStart=${[...program, "serve", "-c", configFile].map(unitWord).join(" ")}`,
    // Not /bin/kill, which small hosts do not have; behind the gate's walls no other program starts.
    "ExecReload=+/bin/sh -c 'kill -HUP $MAINPID'",
    "LimitNOFILE=65536",
    "LimitCORE=0",
  ];
}

/** dockerd makes /run/docker for root alone (moby, --exec-root), and the plugin's folder in it. */
function pluginFolder(folder: string, { user, group }: Facts): string[] {
  const path = unitWord(folder);
  const [above, former] = folder.startsWith("/run/docker/")
    ? [[`ExecStartPre=+/usr/bin/install -d -m 0710 -g ${group} /run/docker`], " /run/docker"]
    : [[], ""];
  return [
    "# The folder is root's, and the gate opens its plugin's socket there.",
    ...above,
    `ExecStartPre=+/usr/bin/install -d -m 0711 -o ${user} ${path}`,
    `ExecStopPost=+/usr/bin/chown root:root ${path}${former}`,
  ];
}

/** Whether Postern runs from source, by a runtime that it shares with others. */
export function isInterpreted(program: readonly string[]): boolean {
  return program[1] === "run";
}

function identity({ user, group }: Facts): string[] {
  return [
    "# Who: a user of its own, and of groups the one that may connect to the real socket.",
    `User=${user}`,
    `SupplementaryGroups=${group}`,
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
  ];
}

function files(facts: Facts): string[] {
  const { config: { audit, authz, listeners }, upstream } = facts;
  const paths = [
    ...readFiles(facts),
    upstream,
    ...listeners.flatMap((one) => [one.socket, one.upstream]),
  ];
  const needs = (...folders: string[]) =>
    paths.some((path) => folders.some((folder) => path.startsWith(folder)));
  const log = audit.to === "file" ? dirname(audit.path) : undefined;
  const writable = [
    ...(log === undefined || log === LOGS ? [] : [log]),
    // Made by ExecStartPre, which may come later than this is read.
    ...(authz === undefined ? [] : [`-${dirname(authz.socket)}`]),
  ];
  return [
    "# Files: all read-only but what is named here, and nothing of people's homes.",
    "ProtectSystem=strict",
    `ProtectHome=${needs("/home/", "/root/", "/run/user/") ? "read-only" : "yes"}`,
    ...(needs("/tmp/", "/var/tmp/") ? [] : ["PrivateTmp=yes"]),
    "PrivateDevices=yes",
    "DevicePolicy=closed",
    "UMask=0077",
    "RemoveIPC=yes",
    ...(log === LOGS ? ["LogsDirectory=postern", "LogsDirectoryMode=0750"] : []),
    ...(writable.length === 0 ? [] : [`ReadWritePaths=${writable.map(listedPath).join(" ")}`]),
  ];
}

const network = [
  "# Network: none. Unix sockets are files, and the gate's own are handed over.",
  "PrivateNetwork=yes",
  "IPAddressDeny=any",
  "RestrictAddressFamilies=AF_UNIX",
];

/** Of the sets that are taken away, what Postern and its runtime do call: found by a load under the filter (tests/e2e/harden_unit_test.ts). */
const needed = [
  ...["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "seccomp"],
  ...["fchown", "prlimit64", "setrlimit", "pkey_alloc", "pkey_free", "pkey_mprotect"],
];

const kernel = [
  "# Kernel.",
  "ProtectKernelTunables=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelLogs=yes",
  "ProtectControlGroups=yes",
  "ProtectClock=yes",
  "ProtectHostname=yes",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "LockPersonality=yes",
  "KeyringMode=private",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallFilter=~@privileged @resources @keyring @ipc @setuid",
  "# The gate forbids itself core files and other programs; V8 guards the code that it compiles.",
  `SystemCallFilter=${needed.join(" ")}`,
  "SystemCallErrorNumber=EPERM",
];

const absent = [
  "# Left out, and why. PrivateUsers: every peer would be uid 65534. ProtectProc and ProcSubset: a",
  "# peer's program and container are read from /proc. MemoryDenyWriteExecute: the runtime compiles",
  "# what it runs.",
];
