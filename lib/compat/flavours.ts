import type { Flavour } from "./env_rules.ts";
import { linuxserver } from "./linuxserver.ts";
import { tecnativa } from "./tecnativa.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** By name. */
export const flavours: Readonly<Record<string, Flavour>> = { tecnativa, linuxserver };

const namesOf = ({ rules }: Flavour) => new Set(rules.map(({ variable }) => variable));
const tecnativas = namesOf(tecnativa);
const all = namesOf(linuxserver);

/** The variables that open something in one of the images. */
export const ruleVariables: readonly string[] = [...all].sort();

/** Every variable that the images read, or that chooses between them. */
export const environmentVariables: readonly string[] = [
  ...ruleVariables,
  ...["BIND_CONFIG", "DISABLE_IPV6", "LOG_LEVEL", "POSTERN_ENV", "POSTERN_SAFE", "SOCKET_PATH"],
].sort();

/** Whether the environment says what is open. Those that choose nothing (SOCKET_PATH, LOG_LEVEL) do not count: programs share them. */
export function saysWhatIsOpen(env: Env): boolean {
  return ["POSTERN_ENV", ...ruleVariables].some((name) => env[name] !== undefined);
}

/** The image whose rules count, and why; undefined for a POSTERN_ENV that names none. */
export function flavourOf(
  env: Env,
): { readonly flavour: Flavour; readonly why: string } | undefined {
  const named = env["POSTERN_ENV"] || undefined;
  if (named !== undefined) {
    if (!Object.hasOwn(flavours, named)) return undefined;
    return { flavour: flavours[named]!, why: `POSTERN_ENV=${named}` };
  }
  const sign = ruleVariables.find((name) => env[name] !== undefined && !tecnativas.has(name));
  return sign === undefined
    ? { flavour: tecnativa, why: "POSTERN_ENV=linuxserver chooses LinuxServer's" }
    : { flavour: linuxserver, why: `because ${sign} is set; POSTERN_ENV=tecnativa chooses others` };
}
