import { type Denial, denied } from "./finding.ts";
import { allows } from "./patterns.ts";
import type { Limits } from "./types.ts";
import { notAllowed, shown } from "./wording.ts";

/** What is more could be root by the time it comes to the kernel, which has 32 bits for it. */
const MAX_ID = 2 ** 31 - 1;

const HINT = "user: any";

/**
 * Who a container or an exec runs as. `non-root` wants a number, because the image says which names are 0; a number is never taken
 * for a name there (runc libcontainer/user GetExecUser), and +0 and 00 are 0.
 */
export function judgeUser({ user: allowed }: Limits, user: string): Denial | undefined {
  if (allowed === undefined || allowed === "any") return undefined;
  if (allowed !== "non-root") {
    return allows(allowed, user) ? undefined : notAllowed("user", allowed, user, "the user");
  }
  const match = /^([0-9]{1,10})(?::([0-9]{1,10}))?$/.exec(user);
  if (match === null) {
    const seen = user === "" ? "no user is given, and it may be root" : shown(user);
    return denied("user", `${seen}; write a number, such as 1000:1000`, HINT);
  }
  const ids = [match[1], match[2]].filter((id) => id !== undefined).map(Number);
  const isRoot = ids.some((id) => id === 0 || id > MAX_ID);
  return isRoot ? denied("user", `${user} is root, or no user`, HINT) : undefined;
}
