import { clientProfile, DENIAL, denial } from "./apparmor_client.ts";
import { decidesConnects } from "./apparmor_kernel.ts";
import { gateProfile } from "./apparmor_profile.ts";
import { confinedService } from "./confined_service.ts";
import type { Facts, Part, PartPlan, Step } from "./part.ts";
import { orSkipped, skipped } from "./skipped.ts";

const FOLDER = "/etc/apparmor.d";
const PROFILES = ["postern", "docker-postern-client"].map((name) => `${FOLDER}/${name}`);

/** Mandatory access rules for the gate, and for containers that must not have the real socket. */
export const apparmor: Part = {
  name: "apparmor",
  summary: "an AppArmor profile for the gate, and one that denies the real socket to containers",
  plan(facts): PartPlan {
    const reason = whyNot(facts);
    if (reason !== undefined) return skipped(reason);
    return orSkipped(() => ({ steps: steps(facts), notes: notes(facts) }));
  },
};

function steps(facts: Facts): Step[] {
  const [gate, client] = PROFILES as [string, string];
  return [
    file(`${FOLDER}/${DENIAL}`, denial(facts), "to be included in profiles of other programs"),
    file(gate, gateProfile(facts), "the gate may reach what it needs, and nothing else"),
    file(client, clientProfile(facts), "docker-default without the real socket, for clients"),
    {
      kind: "command",
      command: ["apparmor_parser", "--replace", ...PROFILES],
      undo: ["apparmor_parser", "--remove", ...PROFILES],
      why: "loads the profiles now; at boot apparmor.service does it",
    },
    ...confinedService(facts, "apparmor.conf", "AppArmorProfile=postern"),
  ];
}

function file(path: string, text: string, why: string): Step {
  return { kind: "file", path, content: () => text, mode: 0o644, why };
}

function whyNot({ exists, installed, read }: Facts): string | undefined {
  if (!installed("apparmor_parser") || !exists(`${FOLDER}/abstractions/base`)) {
    return "AppArmor is not installed: apt-get install apparmor, and then this again";
  }
  const container = read("/run/systemd/container")?.trim();
  // Below another root there is no kernel to ask, and a container is shown little of its own.
  if (!exists("/sys/module")) return container && insideOf(container);
  if (read("/sys/module/apparmor/parameters/enabled")?.trim() === "Y") return undefined;
  return "this kernel does not enforce AppArmor profiles (no apparmor in its list of security " +
    "modules): where it can, boot it with lsm=…,apparmor";
}

function insideOf(container: string): string {
  return `this host is a container itself (${container}), and profiles are loaded on the outermost host`;
}

function notes(facts: Facts): string[] {
  const passing =
    "the kernel lets each connect to a socket pass, whatever profiles say: they hold " +
    "the gate to its files, programs and capabilities, and keep no container from the real socket; " +
    "that takes Linux 6.17 and AppArmor 5, or Ubuntu's kernel, and until then the seal " +
    "(seal: true) or postern guard";
  const decides = decidesConnects(facts);
  return [
    ...(decides === true
      ? []
      : [decides === false ? passing : `on most of today's hosts ${passing}`]),
    "containers get the second profile by name: docker run --security-opt " +
    "apparmor=docker-postern-client; other profiles include <abstractions/postern-deny-docker-socket>",
    "the programs of clients with profiles of their own, docker-default among them, are not " +
    "told in records: their profiles do not let another one look",
  ];
}
