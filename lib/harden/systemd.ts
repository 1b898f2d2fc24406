import { basename, dirname } from "node:path";
import { shellWord } from "../config/shell.ts";
import type { Config, ListenerConfig } from "../config/types.ts";
import { isShared } from "./container.ts";
import { logSteps, readableSteps, requireWritableLog } from "./readable.ts";
import { DENO_DIR, isInterpreted, serviceUnit } from "./service_unit.ts";
import { ownerOf, socketUnits } from "./socket_unit.ts";
import { CONFIG_FILE, starterConfig } from "./starter.ts";
import {
  type CommandStep,
  type Facts,
  type Part,
  type PartPlan,
  Refused,
  type Step,
} from "./part.ts";
import { shellLine } from "./quote.ts";
import { isBooted } from "./units.ts";

const FOLDER = "/etc/systemd/system";
const SERVICE = "postern.service";
/** dockerd's own, for the sockets of its plugins (moby pkg/plugins/discovery.go). */
const PLUGINS = "/run/docker/plugins";

/** The gate as a service whose sockets systemd keeps. */
export const systemd: Part = {
  name: "systemd",
  summary: "the gate as a service with nothing but what it needs, on sockets that systemd keeps",
  plan(facts): PartPlan {
    if (!facts.installed("systemctl")) {
      return { steps: [], notes: [], skipped: "systemd is not installed" };
    }
    const { config, upstream } = facts;
    if (upstream.startsWith("/run/user/")) {
      const why =
        `${upstream} is the engine of a user of this host: the gate runs as that user, as a ` +
        "unit of the user's own (systemctl --user)";
      return { steps: [], notes: [], skipped: why };
    }
    requireVisible(facts.program);
    requireWritableLog(facts);
    requireOwnFolder(facts);
    const sockets = socketUnits(config);
    const names = sockets.map(([name]) => name);
    const open = config.listeners.map((listener) => isOpen(listener, config));
    const steps: Step[] = [
      ...(facts.configFile === CONFIG_FILE ? [configuration(facts)] : []),
      ...readableSteps(facts),
      // What may fail comes before a gate that runs is touched.
      ...cacheSteps(facts.program),
      ...(isBooted(facts) ? [stopOld(names)] : []),
      ...logSteps(facts),
      ...sockets.map(([name, text]): Step => ({
        kind: "file",
        path: `${FOLDER}/${name}`,
        content: () => text,
        mode: 0o644,
        why: "systemd opens the socket with its owner and mode, and hands it over",
      })),
      {
        kind: "file",
        path: `${FOLDER}/${SERVICE}`,
        content: () => serviceUnit(facts, names),
        mode: 0o644,
        why: "the gate itself, as its own user and behind systemd's walls",
      },
      ...(isBooted(facts) ? [...names.map((name, at) => close(name, open[at]!)), reload] : []),
      ...[...names, SERVICE].map(enable),
      ...(isBooted(facts) ? [restart, start(names, open)] : []),
    ];
    return { steps, notes: notes(facts) };
  },
};

/** One that is there is left as it is: its owner is the administrator. */
function configuration({ read }: Facts): Step {
  return {
    kind: "file",
    path: CONFIG_FILE,
    content: (existing) => existing ?? starterConfig(read("/etc/group")),
    mode: 0o644,
    merges: true,
    why: "a configuration to start from, where there is none",
  };
}

const reload: CommandStep = {
  kind: "command",
  command: ["systemctl", "daemon-reload"],
  why: "systemd reads its units again",
};

/** A service that opened its sockets by itself, as the README's does, holds their paths. */
function stopOld(sockets: readonly string[]): CommandStep {
  const [first] = sockets;
  const handed = first === undefined ? "" : `systemctl -q is-active ${first} || `;
  return {
    kind: "command",
    command: ["systemctl", "stop", SERVICE],
    done: ["sh", "-c", `${handed}! systemctl -q is-active ${SERVICE}`],
    undo: ["sh", "-c", `systemctl daemon-reload && systemctl start ${SERVICE}`],
    why: "a gate that runs without systemd's sockets has to let go of their paths first",
  };
}

/** Each by itself: one that was enabled before stays so after a revert. */
function enable(unit: string): CommandStep {
  const at = (root: string) => `--root=${root}`;
  return {
    kind: "command",
    command: ["systemctl", "enable", unit],
    undo: ["systemctl", "disable", unit],
    done: ["systemctl", "-q", "is-enabled", unit],
    below: (root) => ["systemctl", at(root), "enable", unit],
    undoBelow: (root) => ["systemctl", at(root), "disable", unit],
    doneBelow: (root) => ["systemctl", "-q", at(root), "is-enabled", unit],
    why: "it comes back after a boot",
  };
}

/** A socket that is open keeps the path, the mode and the owner that its unit had, and goes with them until that is read again. */
function close(unit: string, open: string): CommandStep {
  return {
    kind: "command",
    command: ["systemctl", "stop", unit],
    done: ["sh", "-c", `! systemctl -q is-active ${unit} || ${open}`],
    why: "it is opened anew with the path, the mode and the owner that it has now",
  };
}

/** What sh finds true when a listener's socket is there as it should be. */
function isOpen(listener: ListenerConfig, config: Config): string {
  const { socket, mode, tcp } = listener;
  if (tcp !== undefined) return "true";
  const { uid, gid } = ownerOf(listener, config);
  const wanted = `socket ${mode.toString(8)} ${uid} ${gid}`;
  return `test "$(stat -c '%F %a %u %g' ${shellWord(socket)})" = "${wanted}"`;
}

function start(sockets: readonly string[], open: readonly string[]): CommandStep {
  const units = [...sockets, SERVICE];
  const checks = [...units.map((unit) => `systemctl -q is-active ${unit}`), ...open];
  return {
    kind: "command",
    command: ["systemctl", "start", ...units],
    undo: ["systemctl", "stop", ...units],
    done: ["sh", "-c", checks.join(" && ")],
    why: "the gate opens",
  };
}

const restart: CommandStep = {
  kind: "command",
  command: ["systemctl", "try-restart", SERVICE],
  why: "a gate that runs takes up what has changed; its sockets stay, and clients wait",
};

/** From source, Postern needs its packages, and what they are compiled to, where its user can read them. */
function cacheSteps(program: readonly string[]): CommandStep[] {
  if (!isInterpreted(program)) return [];
  const [deno] = program;
  const main = program.at(-1)!;
  const inside = (path: string) => main.replace(/main\.ts$/, path);
  const lock = shellLine([inside("deno.lock")]);
  const install = shellLine([
    ...[deno!, "install", "--frozen", "--quiet", "--entrypoint", main],
    // By its own name: what main.ts imports on demand may fail to be fetched without a word.
    inside("lib/cli/serve.ts"),
    inside("lib/relay/worker.ts"),
  ]);
  return [{
    kind: "command",
    command: [
      "sh",
      "-c",
      `umask 022 && DENO_DIR=${DENO_DIR} DENO_TLS_CA_STORE=mozilla,system DENO_NO_UPDATE_CHECK=1 ${install} && cp ${lock} ${DENO_DIR}/`,
    ],
    undo: ["rm", "-rf", DENO_DIR],
    clears: true,
    // Copied when all is there, and another one in another release.
    done: ["cmp", "-s", inside("deno.lock"), `${DENO_DIR}/deno.lock`],
    why: "the service has no network: the packages that deno.lock names are fetched now",
  }];
}

/** It becomes the gate's: whatever else is in it would be the gate's to replace. */
function requireOwnFolder({ config: { authz }, list, look, ids }: Facts): void {
  if (authz === undefined) return;
  const folder = dirname(authz.socket);
  // dockerd looks for all plugins there, and nobody else.
  if (folder === PLUGINS) return;
  const others = list(folder).filter((name) => !name.startsWith(basename(authz.socket)));
  const found = look(folder);
  const open = found !== undefined &&
    ((found.mode & 0o022) !== 0 || (found.uid !== 0 && found.uid !== ids.uid));
  if (!open && !isShared(folder) && folder !== dirname(PLUGINS) && others.length === 0) return;
  const what = others.length === 0
    ? "is others', too"
    : `holds ${others.slice(0, 3).join(", ")}, too`;
  throw new Refused(
    `${folder}, where authz has its socket, ${what}, and would become the gate's: give the socket a ` +
      `folder of its own, such as ${PLUGINS}`,
  );
}

const hidden = ["/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"];

function requireVisible(program: readonly string[]): void {
  const path = program.find((word) => hidden.some((folder) => word.startsWith(folder)));
  if (path === undefined) return;
  throw new Refused(
    `${path} is what runs now, and a service that sees no home and no /tmp cannot start it: put ` +
      "Postern below /opt or /usr/local (README: Set it up), Deno with npm install --global deno, " +
      "and run `postern harden` from there",
  );
}

function notes({ config }: Facts): string[] {
  return [
    ...config.listeners.filter(({ rotate }) => rotate !== undefined).map(({ name }) =>
      `listener ${name}: rotate does nothing for a socket that systemd keeps`
    ),
    "listeners are units now: after a change of them in the configuration, run `postern harden apply` again",
  ];
}
