import { type Denial, denied } from "./finding.ts";
import { allows, isOpen } from "./patterns.ts";
import type { ContainerSpec } from "./spec.ts";
import type { Limits } from "./types.ts";
import { notAllowed, shown } from "./wording.ts";

/** Names of variables, in their own case. `NAME` without a value takes the image's away. Podman leaves out blanks before a name. */
export function judgeEnv({ refused_env }: Limits, env: readonly string[]): Denial | undefined {
  if (refused_env === undefined) return undefined;
  const names = env.map((entry) => entry.split("=", 1)[0]!.replace(/^[ \t]+/, ""));
  const name = names.find((name) => allows(refused_env, name));
  return name === undefined
    ? undefined
    : denied("refused_env", `the variable ${shown(name)} must not be set`, "");
}

/** "" is the engine's default driver. */
export function judgeLog(
  limits: Limits,
  { logDriver, logOptions }: Pick<ContainerSpec, "logDriver" | "logOptions">,
): Denial | undefined {
  if (logDriver !== "" && !allows(limits.log_drivers, logDriver)) {
    return notAllowed("log_drivers", limits.log_drivers, logDriver);
  }
  const odd = logOptions.find(([name, value]) =>
    !allows(limits.log_options, name) && !allows(limits.log_options, `${name}=${value}`)
  );
  return odd === undefined ? undefined : notAllowed("log_options", limits.log_options, odd[0]);
}

/** `on-failure:5` is allowed as `on-failure`, too. Without a policy nothing is restarted, which is always allowed. */
export function judgeRestart(
  { restart_policies: allowed }: Limits,
  restart: string,
): Denial | undefined {
  const name = restart.split(":", 1)[0]!;
  if (isOpen(allowed) || name === "" || allows(allowed, name) || allows(allowed, restart)) {
    return undefined;
  }
  return notAllowed("restart_policies", allowed, name);
}
