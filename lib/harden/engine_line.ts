import type { Facts } from "./part.ts";
import { readDropIns, readUnit } from "./units.ts";

/**
 * Whether dockerd is started with one of these words. It does not start at all with a setting that is both a flag and in
 * daemon.json ("the following directives are specified both as a flag and in the configuration file").
 */
export function startsWith(
  facts: Pick<Facts, "read" | "list" | "exists">,
  ...flags: string[]
): boolean {
  const texts = [
    readUnit(facts, "docker.service"),
    ...readDropIns(facts, "docker.service").map(({ text }) => text),
    // Debian's unit and its init script take $DOCKER_OPTS from here, RHEL's took $OPTIONS.
    facts.read("/etc/default/docker"),
    facts.read("/etc/sysconfig/docker"),
  ];
  const words = texts.flatMap((text = "") =>
    text.split("\n").filter((line) => !/^\s*[#;]/.test(line)).join(" ").split(/[\s"'=]+/)
  );
  return words.some((word) => flags.includes(word));
}
