import { groupNamed, userNamed } from "./accounts.ts";
import type { Facts } from "./facts.ts";

/**
 * Whom a file's access control list lets write it, or connect where it is a socket, beside the users `but`: `user:alice`,
 * `group:ops`. Throws Unreadable.
 */
export function listedWriters(
  { host, accounts }: Facts,
  path: string,
  but: ReadonlySet<number>,
): string[] {
  return host.acl(path)
    .filter(({ kind, id, bits }) => (bits & 2) !== 0 && !(kind === "user" && but.has(id)))
    .map(({ kind, id }) =>
      `${kind}:${kind === "user" ? userNamed(accounts, id) : groupNamed(accounts, id)}`
    );
}
