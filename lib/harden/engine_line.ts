import { dirname } from "node:path";
import type { Facts } from "./part.ts";
import { readDropIns, readUnit } from "./units.ts";

/**
 * Whether dockerd is started with one of these words. It does not start at all with a setting that is both a flag and in
 * daemon.json ("the following directives are specified both as a flag and in the configuration file").
 */
export function startsWith(
  facts: Pick<Facts, "read" | "list" | "exists" | "engineWords">,
  ...flags: string[]
): boolean {
  const units = [
    readUnit(facts, "docker.service"),
    ...readDropIns(facts, "docker.service").map(({ text }) => text),
  ].map((text = "") => text);
  const texts = [
    ...units,
    // Debian's unit and its init script take $DOCKER_OPTS from here, RHEL's took $OPTIONS.
    ...["/etc/default/docker", "/etc/sysconfig/docker", ...environmentFiles(facts, units)]
      .map((path) => facts.read(path) ?? ""),
  ];
  const words = texts.flatMap((text) =>
    text.split("\n").filter((line) => !/^\s*[#;]/.test(line)).join(" ").split(/[\s"'=\\]+/)
  );
  const running = facts.engineWords.flatMap((word) => word.split("="));
  return [...words, ...running].some((word) => flags.some((flag) => isFlag(word, flag)));
}

/** `-Gdocker` and `-DG` are -G, and `-Hfd://` has fd:// (pflag, "Command line flag syntax"). */
function isFlag(word: string, flag: string): boolean {
  if (word === flag) return true;
  // Of the letters that may come before it in one word, these take no value.
  if (/^-[A-Za-z]$/.test(flag)) return /^-[Dv]*(.)/.exec(word)?.[1] === flag[1];
  return flag.endsWith("://") && word.startsWith("-") && word.endsWith(flag);
}

/** The files that a unit's environment comes from; of a pattern, all that are in its folder. */
function environmentFiles({ list }: Pick<Facts, "list">, units: readonly string[]): string[] {
  const named = units.flatMap((text) =>
    [...text.matchAll(/^\s*EnvironmentFile\s*=\s*["']?-?([^\s"']+)/gm)].map(([, path]) => path!)
  );
  return named.flatMap((path) =>
    /[*?[]/.test(path) ? list(dirname(path)).map((name) => `${dirname(path)}/${name}`) : [path]
  );
}
