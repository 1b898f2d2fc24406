import type { FileStatus } from "../linux/file.ts";
import { userNamed } from "./accounts.ts";
import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { line } from "./fixes.ts";
import { listedWriters } from "./listed_writers.ts";
import { foldersOf, walked } from "./paths.ts";
import { access } from "./wording.ts";

const STICKY = 0o1000;

/**
 * The folders and links on the way to a socket that others than `trusted` can change: they can put one of their own there, and are
 * then told what clients have to say. `named` may lead over links to `path`. Throws Unreadable.
 */
export function replaceable(
  facts: Facts,
  title: string,
  named: string,
  path: string,
  trusted: ReadonlySet<number>,
): Finding[] {
  const { folders, links } = walked(facts.host, named);
  const all = [...new Set([...foldersOf(path), ...folders])];
  return [
    ...all.flatMap((folder) => openFolder(facts, title, folder, trusted)),
    ...links.flatMap((link) => foreignLink(facts, title, link, trusted)),
  ];
}

function openFolder(
  facts: Facts,
  title: string,
  folder: string,
  trusted: ReadonlySet<number>,
): Finding[] {
  const { host, accounts } = facts;
  const status = host.behind(folder);
  if (status === undefined) return [];
  const foreign = !trusted.has(status.uid);
  // Nobody but its owner takes away what stands in a sticky one (inode(7)).
  const listed = isSticky(status) ? [] : listedWriters(facts, folder, trusted);
  const open = (status.mode & 0o022) !== 0 && !isSticky(status);
  const isRoots = (status.mode & 0o002) === 0 && status.gid === 0 && hasRootAlone(facts);
  if (!foreign && listed.length === 0 && (!open || isRoots)) return [];
  const at = host.root + folder;
  return [{
    level: "wrong",
    title,
    evidence: [
      `${folder}: ${access(accounts, status)}`,
      ...listed.map((writer) => `${folder}: access control list, ${writer}`),
    ],
    fix: [
      ...(foreign ? [line("chown", "root", at)] : []),
      ...(listed.length > 0 ? [line("setfacl", "-b", at)] : []),
      ...(open ? [line("chmod", "go-w", at)] : []),
    ],
  }];
}

/** Where everybody may write, a link is whose it is; elsewhere, whose the folder is. */
function foreignLink(
  facts: Facts,
  title: string,
  link: string,
  trusted: ReadonlySet<number>,
): Finding[] {
  const { host, accounts } = facts;
  const status = host.status(link);
  const folder = host.behind(foldersOf(link).at(-1)!);
  if (status === undefined || folder === undefined || !isSticky(folder)) return [];
  if (trusted.has(status.uid)) return [];
  return [{
    level: "wrong",
    title,
    evidence: [`${link}: a link of ${userNamed(accounts, status.uid)}'s, to ${host.link(link)}`],
    fix: [line("chown", "-h", "root", host.root + link)],
  }];
}

function isSticky({ mode }: FileStatus): boolean {
  return (mode & STICKY) !== 0;
}

function hasRootAlone({ accounts: { users, groups } }: Facts): boolean {
  return users.every(({ uid, gid }) => gid !== 0 || uid === 0) &&
    groups.every(({ gid, members }) => gid !== 0 || members.every((name) => name === "root"));
}
