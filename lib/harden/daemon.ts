import { basename, dirname } from "node:path";
import { shellWord } from "../config/shell.ts";
import type { AuthzSettings } from "../config/types.ts";
import type { Json } from "../json/value.ts";
import { type Member, members } from "./daemon_json.ts";
import { startsWith } from "./engine_line.ts";
import {
  type CommandStep,
  type Facts,
  type FileStep,
  type Part,
  type PartPlan,
  Refused,
} from "./part.ts";
import { isBooted } from "./units.ts";

const FILE = "/etc/docker/daemon.json";
/** Where dockerd finds a plugin's socket by its name (moby pkg/plugins/discovery.go). */
const FOUND = "/run/docker/plugins";

/** What dockerd itself should be told: containers outlive it, and it asks Postern where the configuration wants that. */
export const daemon: Part = {
  name: "daemon",
  summary: "daemon.json: containers outlive dockerd, and it asks Postern where authz is configured",
  plan(facts): PartPlan {
    if (!facts.installed("dockerd")) {
      return { steps: [], notes: [], skipped: "dockerd is not installed" };
    }
    const { wanted, notes } = decide(facts);
    if (wanted.length === 0) return { steps: [], notes };
    const { authz } = facts.config;
    return {
      steps: [
        {
          kind: "file",
          path: FILE,
          content: (existing) => members(existing, wanted),
          mode: 0o644,
          merges: true,
          why:
            "merged into what is there; live-restore also keeps clients' containers over an upgrade",
        },
        ...(authz === undefined || dirname(authz.socket) === FOUND ? [] : [specification(authz)]),
        ...(isBooted(facts) ? [reload(authz?.socket)] : []),
      ],
      notes: [
        ...notes,
        ...(authz === undefined ? [] : [
          "dockerd does not start, and answers nobody, while its plugin is not there: postern.service " +
          `is ordered before it, and taking "${
            nameOf(authz)
          }" out of authorization-plugins undoes it`,
        ]),
      ],
    };
  },
};

function decide(facts: Facts): { readonly wanted: Member[]; readonly notes: string[] } {
  const wanted: Member[] = [];
  const notes: string[] = [];
  if (startsWith(facts, "--live-restore")) {
    notes.push(
      "live-restore: dockerd is started with the flag, which daemon.json must not name, too",
    );
  } else if (facts.exists(`${dataRoot(facts)}/swarm/docker-state.json`)) {
    notes.push("live-restore: left out, since dockerd does not start with it in a swarm");
  } else wanted.push(["live-restore", () => "true"]);
  const { authz } = facts.config;
  if (authz === undefined) return { wanted, notes };
  const plugin = nameOf(authz);
  if (startsWith(facts, "--authorization-plugin")) {
    notes.push(
      "authorization-plugins: dockerd is started with --authorization-plugin, which daemon.json must " +
        `not name, too: add --authorization-plugin=${plugin} there`,
    );
  } else wanted.push(["authorization-plugins", (existing) => withPlugin(existing, plugin)]);
  return { wanted, notes };
}

/** Behind the plugins that are asked already: all of them must agree. */
function withPlugin(existing: Json | undefined, plugin: string): string | undefined {
  if (existing === undefined) return JSON.stringify([plugin]);
  if (existing.kind !== "array") throw new Refused(`${FILE}: authorization-plugins is no list`);
  const names = existing.items.map((item) => {
    if (item.kind === "string") return item.value;
    throw new Refused(`${FILE}: authorization-plugins holds something that is no name`);
  });
  if (names.includes(plugin)) return undefined;
  return `[${[...names, plugin].map((name) => JSON.stringify(name)).join(", ")}]`;
}

/** The plugin's name is its socket's. */
function nameOf({ socket }: AuthzSettings): string {
  return basename(socket).replace(/\.sock$/, "");
}

function specification(authz: AuthzSettings): FileStep {
  return {
    kind: "file",
    path: `/etc/docker/plugins/${nameOf(authz)}.spec`,
    content: () => `unix://${authz.socket}\n`,
    mode: 0o644,
    why:
      `dockerd finds plugins in ${FOUND} by themselves, and others by a file that names the socket`,
  };
}

function dataRoot({ read }: Facts): string {
  const [, path] = /"data-root"\s*:\s*"([^"\\]+)"/.exec(read(FILE) ?? "") ?? [];
  return path ?? "/var/lib/docker";
}

/** dockerd takes up both while it runs, but ends where a plugin does not answer that it is told of (moby, cmd/dockerd). */
function reload(plugin: string | undefined): CommandStep {
  const active = "systemctl -q is-active docker.service";
  const ready = plugin === undefined ? active : `${active} && test -S ${shellWord(plugin)}`;
  return {
    kind: "command",
    // As docker.service reloads it, but by a program that every host has.
    command: [
      "sh",
      "-c",
      `if ${ready}; then systemctl kill -s HUP --kill-who=main docker.service; fi`,
    ],
    why: "dockerd reads its file again, and is not restarted",
  };
}
