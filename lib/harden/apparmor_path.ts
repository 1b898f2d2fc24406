import { Refused } from "./part.ts";

/**
 * A path in a profile that is itself and no pattern: quoted, and with a backslash before what would be read as more
 * (apparmor.d(5), globbing). `pattern`: what follows it. Throws Refused for control characters, which a profile cannot say.
 */
export function literalPath(path: string, pattern = ""): string {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(path)) {
    throw new Refused(
      `${JSON.stringify(path)} has characters that an AppArmor profile cannot name`,
    );
  }
  return `"${path.replace(/[\\"*?[\]{}^,@]/g, "\\$&")}${pattern}"`;
}

/** A folder and everything in it. */
export function everythingIn(folder: string): string {
  return literalPath(folder.replace(/\/*$/, "/"), "{,**}");
}
