import { basename, dirname } from "node:path";
import { accountSteps } from "./account_steps.ts";
import { members } from "./daemon_json.ts";
import { startsWith } from "./engine_line.ts";
import type { Facts, Freed, Part, PartPlan, Step } from "./part.ts";
import { isBooted, readDropIns, readUnit } from "./units.ts";

/** Drop-ins count in the order of their names, and the last word is what `systemctl edit` would write as override.conf. */
const DROP_IN = "zz-postern.conf";

/** The real socket belongs to a group that nobody is in but the gate, for good. */
export const sockets: Part = {
  name: "sockets",
  summary: "the real socket is root's and a group's of its own, mode 0660, also after a restart",
  plan(facts): PartPlan {
    const { upstream, group } = facts;
    if (upstream.startsWith("/run/user/")) {
      return { steps: [], notes: [], skipped: ofAUser(upstream) };
    }
    const unit = socketUnit(facts);
    const frees = { group, sockets: [upstream], ...former(unit, facts) };
    const steps: Step[] = accountSteps(facts, frees);
    const notes: string[] = [];
    if (unit !== undefined) steps.push(...keptBySystemd(unit, facts));
    else if (!facts.installed("dockerd")) {
      notes.push(
        `nothing here is known to make ${upstream}: its owner and mode last until it is made anew`,
      );
    } else if (startsWith(facts, "--group", "-G")) {
      notes.push(
        `dockerd is started with --group, which daemon.json must not name, too: write --group ${group} there`,
      );
    } else steps.push(keptByEngine(facts));
    const folder = dirname(upstream);
    if (unit === "podman.socket") steps.push(passage(folder));
    steps.push({
      kind: "access",
      what: "socket",
      path: upstream,
      mode: 0o660,
      user: "root",
      group,
      why: "the live socket, at once: connections that are open stay, and nothing is restarted",
    });
    notes.push(...whoLosesIt(facts), ...overridden(unit, facts), ...otherSockets(facts));
    return { steps, notes };
  },
};

function ofAUser(upstream: string): string {
  return `${upstream} is the engine of a user of this host: it has that user's rights and no more, and ` +
    "in the user's own folder nobody else but root can connect to it";
}

/** systemd's unit that makes the real socket: its own settings count there, and dockerd's do not. */
function socketUnit(facts: Facts): string | undefined {
  return ["docker.socket", "podman.socket"].find((name) => {
    if (name === "docker.socket" && makesItself(facts)) return false;
    const texts = [readUnit(facts, name), ...readDropIns(facts, name).map(({ text }) => text)];
    return texts.some((text = "") =>
      [...text.matchAll(/^\s*ListenStream\s*=\s*(\S+)/gm)].some(([, path]) =>
        path!.replace(/^%t\//, "/run/").replace(/^\/var\/run\//, "/run/") === facts.upstream
      )
    );
  });
}

/** Whose the socket is without this part, as its unit says, or as dockerd does it by itself. Never more open than with it. */
function former(unit: string | undefined, facts: Facts): Pick<Freed, "to" | "mode"> {
  const { group, read } = facts;
  if (unit !== undefined) {
    const texts = [
      readUnit(facts, unit),
      ...readDropIns(facts, unit).filter(({ path }) => basename(path) !== DROP_IN)
        .map(({ text }) => text),
    ].map((text = "") => text);
    const last = (key: string) =>
      texts.flatMap((text) => [
        ...text.matchAll(new RegExp(`^\\s*${key}\\s*=[ \\t]*(\\S*)`, "gm")),
      ]).at(-1)?.[1] || undefined;
    const mode = last("SocketMode") ?? "0660";
    return {
      to: last("SocketGroup") ?? "root",
      mode: /^[0-7]{1,5}$/.test(mode) ? parseInt(mode, 8) & 0o660 : 0o600,
    };
  }
  const [, set] = /"group"\s*:\s*"([^"\\]+)"/.exec(read("/etc/docker/daemon.json") ?? "") ?? [];
  return { to: set === undefined || set === group ? "docker" : set, mode: 0o660 };
}

/** A dockerd that is not told of fd:// opens its sockets by itself, whatever docker.socket says. */
function makesItself(facts: Facts): boolean {
  return readUnit(facts, "docker.service") !== undefined && !startsWith(facts, "fd://") &&
    facts.read("/etc/docker/daemon.json")?.includes("fd://") !== true;
}

/** Podman's package keeps it for root alone; the socket in it says who may connect. */
function passage(folder: string): Step {
  return {
    kind: "access",
    what: "folder",
    path: folder,
    mode: 0o711,
    user: "root",
    group: "root",
    why: "the gate, which is not root, has to reach the socket in it",
  };
}

function keptBySystemd(unit: string, facts: Facts): Step[] {
  const folder = `/etc/systemd/system/${unit}.d`;
  const text = `# Written by \`postern harden\`; \`postern harden revert\` takes it back.
[Socket]
SocketMode=0660
SocketUser=root
SocketGroup=${facts.group}
${unit === "podman.socket" ? `ExecStartPost=/bin/chmod 0711 ${dirname(facts.upstream)}\n` : ""}`;
  return [
    {
      kind: "file",
      path: `${folder}/${DROP_IN}`,
      content: () => text,
      mode: 0o644,
      why: `systemd makes the socket, so its unit says whose it is: a chmod at start would race it`,
    },
    ...(isBooted(facts)
      ? [{
        kind: "command" as const,
        command: ["systemctl", "daemon-reload"],
        why: `systemd reads the unit again; it counts when ${unit} is started the next time`,
      }]
      : []),
  ];
}

function keptByEngine({ group }: Facts): Step {
  return {
    kind: "file",
    path: "/etc/docker/daemon.json",
    content: (existing) => members(existing, [["group", () => JSON.stringify(group)]]),
    mode: 0o644,
    merges: true,
    why: "dockerd makes the socket itself here, for this group from its next start on",
  };
}

function whoLosesIt({ read, config, group }: Facts): string[] {
  const line = read("/etc/group")?.split("\n").find((one) => one.startsWith("docker:"));
  const people = line?.split(":")[3]?.split(",").filter((name) => name !== "") ?? [];
  const [listener] = config.listeners;
  if (people.length === 0 || listener === undefined) return [];
  return [
    `members of docker (${
      people.join(", ")
    }) cannot connect to the real socket any more, which is ` +
    `${group}'s: for them, DOCKER_HOST=unix://${listener.socket}`,
  ];
}

function overridden(unit: string | undefined, facts: Facts): string[] {
  if (unit === undefined) return [];
  return readDropIns(facts, unit)
    .filter(({ path, text }) =>
      path.slice(path.lastIndexOf("/") + 1) > DROP_IN && /^\s*Socket(Mode|User|Group)=/m.test(text)
    )
    .map(({ path }) =>
      `${path} comes later, and what it says of the socket's mode or owner counts`
    );
}

function otherSockets({ config, upstream }: Facts): string[] {
  const others = new Set(
    config.listeners.map((one) => one.upstream.replace(/^\/var\/run\//, "/run/")),
  );
  others.delete(upstream);
  return [...others].map((path) =>
    `${path}, which a listener has as its upstream, too, is left as it is`
  );
}
