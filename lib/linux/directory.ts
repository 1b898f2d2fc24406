import { cString } from "./bytes.ts";
import { libc } from "./libc.ts";

/** Where the name stands in struct dirent (readdir(3), LP64). */
const NAME_OFFSET = 19;

/**
 * The names in a folder without `.` and `..`, for those in /proc that the runtime keeps to itself, up to `most` of them and one more;
 * undefined and errno when it cannot be read.
 */
export function namesIn(path: string, most = Infinity): string[] | undefined {
  const stream = libc.opendir(cString(path));
  if (stream === null) return undefined;
  const names: string[] = [];
  for (
    let entry = libc.readdir(stream);
    entry !== null && names.length <= most;
    entry = libc.readdir(stream)
  ) {
    const name = new Deno.UnsafePointerView(entry).getCString(NAME_OFFSET);
    if (name !== "." && name !== "..") names.push(name);
  }
  libc.closedir(stream);
  return names;
}
