import { restartConfined } from "./confined_service.ts";
import { isShared } from "./container.ts";
import { type Facts, type Part, type PartPlan, Refused, type Step } from "./part.ts";
import { shellLine } from "./quote.ts";
import { gateUpstreams, realSockets, withoutLink } from "./real_sockets.ts";
import { ENGINE, ownFolders, readFolders, selinuxModule } from "./selinux_module.ts";
import { contextPath, nameInPolicy, policyFolder } from "./selinux_policy.ts";
import { isInterpreted } from "./service_unit.ts";
import { orSkipped, skipped } from "./skipped.ts";

const MODULE = "/etc/postern/selinux/postern.cil";

/** A domain for the gate, and a type for the real socket that nobody else may connect to. */
export const selinux: Part = {
  name: "selinux",
  summary: "an SELinux module that lets the gate's domain alone connect to the real socket",
  plan(facts): PartPlan {
    const reason = whyNot(facts);
    if (reason !== undefined) return skipped(reason);
    return orSkipped(() => ({ steps: steps(facts), notes: notes(facts) }));
  },
};

function whyNot(facts: Facts): string | undefined {
  const { exists, installed } = facts;
  if (!installed("semodule") || policyFolder(facts) === undefined) {
    return "SELinux is not installed: it is another system's way to do what AppArmor does here";
  }
  // Below another root there is no kernel to ask.
  if (exists("/sys/module") && !exists("/sys/fs/selinux/enforce")) {
    return "this kernel does not enforce SELinux's policy: where it can, selinux-activate and a " +
      "boot turn it on";
  }
  const shared = [...ownFolders(facts), ...readFolders(facts)].filter(isShared);
  if (shared.length === 0) return undefined;
  return `${
    shared.join(", ")
  } holds other things than the gate's, whose labels stay as they are: ` +
    "give sockets, the audit file and the configuration folders of their own";
}

function steps(facts: Facts): Step[] {
  const sockets = realSockets(facts);
  const taken = sockets.flatMap((path) => labelledByOthers(facts, path) ?? []);
  if (taken.length > 0 && !facts.installed("semanage")) {
    throw new Refused(
      `a module of the policy gives ${taken.join(", ")} its label already: to put another before ` +
        "it takes semanage (apt-get install policycoreutils-python-utils)",
    );
  }
  const free = sockets.filter((path) => labelledByOthers(facts, path) === undefined);
  const text = selinuxModule(facts, free);
  return [
    {
      kind: "file",
      path: MODULE,
      content: () => text,
      mode: 0o644,
      why: "the gate's domain and the real socket's type, in SELinux's own language (CIL)",
    },
    {
      kind: "command",
      command: ["semodule", "--install", MODULE],
      undo: ["semodule", "--remove", "postern"],
      why: "puts the module into the policy, for every boot",
    },
    ...taken.map(relabel),
    {
      kind: "command",
      command: ["restorecon", "-R", "-i", ...labelled(facts)],
      why: "gives the files that are there their labels",
    },
    ...restartConfined(facts),
  ];
}

/** The pattern of a socket that a module of the policy has a line about: of two lines, either may be the one that counts. */
function labelledByOthers(facts: Facts, path: string): string | undefined {
  const lines = (facts.read(`${policyFolder(facts)}/file_contexts`) ?? "").split("\n")
    .filter((line) => !line.includes(`:${ENGINE}:`)).map((line) => line.split(/\s+/)[0]);
  const pattern = contextPath(nameInPolicy(facts, path));
  return lines.includes(pattern) ? pattern : undefined;
}

/** The administrator's own labels come before those of modules (semanage-fcontext(8)). */
function relabel(pattern: string): Step {
  const local = "semanage fcontext --list --locallist --noheading";
  return {
    kind: "command",
    command: ["semanage", "fcontext", "--add", "-t", ENGINE, "-f", "s", pattern],
    undo: ["semanage", "fcontext", "--delete", "-f", "s", pattern],
    done: ["sh", "-c", `${local} | grep -F ${shellLine([`${pattern} `])} | grep -q ':${ENGINE}:'`],
    why: "a module of the policy labels this socket already, and this comes before it",
  };
}

function labelled(facts: Facts): string[] {
  return [
    facts.program[0]!,
    ...readFolders(facts),
    ...[...ownFolders(facts), ...realSockets(facts)].map(withoutLink),
  ];
}

function notes(facts: Facts): string[] {
  const { program } = facts;
  const others = gateUpstreams(facts).filter((path) => !realSockets(facts).includes(path));
  return [
    "root in an unconfined session may not connect to the real socket either: docker goes through " +
    "the gate, and in an emergency `semodule --disable postern` opens it again",
    "an engine that makes its socket by itself, without a socket unit, gives it no label: " +
    `restorecon ${shellLine(realSockets(facts))} after each of its starts`,
    ...others.map((path) =>
      `${path}, behind a raw listener, keeps its label: for its sake the gate's domain may connect ` +
      "to other programs' sockets, as far as its group and their modes let it"
    ),
    ...(isInterpreted(program)
      ? [
        `${program[0]} starts in the gate's domain now: so would other services that systemd ` +
        "starts with it",
      ]
      : []),
  ];
}
