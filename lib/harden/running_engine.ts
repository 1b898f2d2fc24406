import { namesIn } from "../linux/directory.ts";
import { statusBehind } from "../linux/file.ts";
import { readRegular, readSmallFile } from "../linux/proc.ts";

/** Characters of a command line that are read: the kernel lets it be gigabytes. */
const MOST = 65536;

/** The words that the host's own engines were started with: root's processes by that name, which see the host's files. */
export function engineWords(): string[] {
  const root = statusBehind("/");
  return (namesIn("/proc") ?? []).filter((name) => /^[0-9]+$/.test(name)).flatMap((pid) => {
    if (readSmallFile(`/proc/${pid}/comm`)?.trimEnd() !== "dockerd") return [];
    const own = statusBehind(`/proc/${pid}/root`);
    if (statusBehind(`/proc/${pid}`)?.uid !== 0 || own?.inode !== root?.inode) return [];
    if (own?.device !== root?.device) return [];
    const line = readRegular(`/proc/${pid}/cmdline`, MOST);
    return typeof line === "object" ? line.text.split("\0").filter((word) => word !== "") : [];
  });
}
