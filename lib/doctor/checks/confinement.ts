import type { Check, Facts } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { harden, line } from "../fixes.ts";
import { attempt, type Process } from "../processes.ts";
import { describe } from "../wording.ts";

/** Whether a mandatory access profile holds the gate, where the kernel has any. */
export const confinement: Check = {
  name: "confinement",
  group: "postern",
  live: true,
  look(facts) {
    const kind = modules(facts);
    if (kind === undefined) return [];
    return [...facts.own, ...facts.contained].flatMap((process): Finding[] => {
      const label = attempt(() => facts.host.read(`/proc/${process.pid}/attr/current`))
        ?.replace(/[\0\n]+$/, "");
      // Not ours to read, or it has ended.
      return label === undefined || label === "" ? [] : [judged(facts, kind, process, label)];
    });
  },
};

type Kind = "AppArmor" | "SELinux";

function modules({ host }: Facts): Kind | undefined {
  const text = (path: string) => attempt(() => host.read(path))?.trim();
  if (text("/sys/module/apparmor/parameters/enabled") === "Y") return "AppArmor";
  return text("/sys/fs/selinux/enforce") === "1" ? "SELinux" : undefined;
}

function judged(facts: Facts, kind: Kind, process: Process, label: string): Finding {
  const evidence = [`${describe(facts.accounts, process)}: ${label}`];
  // `postern (complain)`: it is told of, and let pass.
  const [, profile] = /^(\S+) \(complain\)$/.exec(label) ?? [];
  if (profile !== undefined) {
    return {
      level: "advice",
      title: `the gate's AppArmor profile only complains: ${profile}`,
      evidence,
      fix: [line("aa-enforce", profile)],
    };
  }
  if (
    kind === "AppArmor" ? label === "unconfined" : /:(?:unconfined|initrc)_t(?::|$)/.test(label)
  ) {
    return {
      level: "advice",
      title: `no ${kind} profile holds the gate to what it needs`,
      evidence,
      fix: harden(facts, kind === "AppArmor" ? "apparmor" : "selinux"),
    };
  }
  return { level: "fine", title: `${kind} holds the gate to its profile: ${label}` };
}
