import { dirname } from "node:path";
import { auditRules, rulesAreLoaded } from "./audit_rules.ts";
import type { Facts, Part, PartPlan } from "./part.ts";
import { realSockets } from "./real_sockets.ts";
import { skipped } from "./skipped.ts";

const folder = "/etc/audit/rules.d";

/** Records of the kernel's about everybody who connects to the real socket and is not the gate. */
export const audit: Part = {
  name: "audit",
  summary: "audit rules that record every connect to the real socket but the gate's",
  plan(facts): PartPlan {
    if (!facts.installed("auditctl") || !facts.exists(folder)) {
      return skipped(
        `auditd is not installed (there is no ${folder}): apt-get install auditd, and then this ` +
          "again, to have connects to the real socket recorded",
      );
    }
    // Where systemd says that it runs in one (systemd.io, "Container Interface").
    const container = facts.read("/run/systemd/container")?.trim();
    if (container !== undefined) {
      return skipped(
        `this host is a container itself (${container}), and the kernel takes audit rules from ` +
          "the outermost host alone: run this there, with the path that the socket has there",
      );
    }
    const sockets = realSockets(facts);
    const watched = sockets.filter((socket) => whyNot(socket) === undefined);
    const leftOut = sockets.flatMap((socket) => whyNot(socket) ?? []);
    if (watched.length === 0) return skipped(leftOut.join("; "));
    const exempt = exemption(facts);
    const scope = { sockets: watched, exempt, arch: Deno.build.arch };
    return {
      steps: [
        {
          kind: "file",
          path: `${folder}/50-postern.rules`,
          content: () => auditRules(scope),
          mode: 0o640,
          why: "a watch (-w) records no connect, which neither reads nor writes the file",
        },
        {
          kind: "command",
          // augenrules(8) does not say what the kernel has against it.
          command: ["sh", "-c", "auditctl -s >/dev/null && augenrules --load"],
          done: ["sh", "-c", rulesAreLoaded(scope)],
          undo: ["auditctl", "-D", "-k", "docker_socket"],
          // augenrules(8) makes one file of all rules, and keeps the one before.
          touches: { files: [], beside: ["/etc/audit/audit.rules", "/etc/audit/audit.rules.prev"] },
          why: "loads the rules now; at boot auditd does it",
        },
      ],
      notes: [
        ...leftOut,
        ...(facts.user === "root" ? [asRoot] : exempt === undefined ? [oddly(facts)] : []),
        ...(switchedOff(facts) ? [allOff] : []),
        "the gate is known by its user and its program: one that runs in a container, from the image's " +
        "own, is recorded as well",
        "ausearch -k docker_socket -i shows what was recorded; where the rules are locked (auditctl " +
        "-s says enabled 2), new ones are taken at the next boot",
        "a connect made through io_uring is no system call, and these rules do not see it: where " +
        "nothing needs io_uring, sysctl kernel.io_uring_disabled=2 closes that way (Linux 6.6)",
      ],
    };
  },
};

/** The gate, by what a rule can name. The kernel wants to find the folder of the program when auditd loads the rules. */
function exemption({ user, program }: Facts): { user: string; program: string } | undefined {
  const [path] = program;
  const named = [user, path!].every((word) => !odd.test(word)) && !path!.startsWith("/run/");
  return user === "root" || !named ? undefined : { user, program: path! };
}

const odd = /[^\w/.@:+-]/;

/** Why a socket cannot be named in a file that is loaded at boot: the first rule that the kernel refuses ends the loading. */
function whyNot(socket: string): string | undefined {
  if (odd.test(socket)) {
    return `${socket} is not watched: auditctl takes no rule about a path with such characters`;
  }
  // The folder of a rule's path must be there; those below /run are made later, by services and at logins.
  if (!dirname(socket).startsWith("/run/")) return undefined;
  return `${socket} is not watched: ${dirname(socket)} is not there yet when auditd loads its ` +
    "rules, and one that cannot be loaded keeps the others out; when it is there, this watches it " +
    `until the next boot: auditctl -a always,exit -F arch=b64 -S connect -F path=${socket} ` +
    "-k docker_socket";
}

const oddly = ({ user, program }: Facts) =>
  `no rule can name ${user} in ${program[0]}, so the gate's own connects are recorded as well`;

const asRoot = "the gate runs as root, so its own connects are recorded as well: give it a user " +
  "of its own (run_as: { user: postern }) to see only others'";

/** Fedora's 10-no-audit.rules keeps processes from being looked at at all. */
function switchedOff({ list, read }: Facts): boolean {
  const texts = list(folder).filter((name) => name.endsWith(".rules"))
    .map((name) => read(`${folder}/${name}`));
  return texts.some((text) => /^\s*-a\s+(?:task,never|never,task)\b/m.test(text ?? ""));
}

const allOff =
  `a rule in ${folder} says "-a task,never": nothing is recorded of any process until ` +
  "that line is gone (it usually stands in 10-no-audit.rules)";
