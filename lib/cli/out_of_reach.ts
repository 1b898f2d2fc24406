import { dirname } from "node:path";
import { shellWord } from "../config/shell.ts";
import type { Config, ListenerConfig } from "../config/types.ts";
import type { Identity } from "../linux/credentials.ts";
import { mayAccess, R_OK, W_OK, X_OK } from "../linux/file.ts";
import { groupName, userName } from "../linux/nss.ts";

/** What only root could do from now on, in words, with what to do about it. To be asked as `identity`. */
export function outOfReach(config: Config, identity: Identity): string[] {
  const who = userName(identity.uid) ?? String(identity.uid);
  const group = groupName(identity.gid) ?? String(identity.gid);
  const { audit, authz, policyFiles, listeners } = config;
  const files = [
    ...(config.file === undefined ? [] : [config.file]),
    ...policyFiles.map((p) => p.file),
    ...listeners.flatMap(({ tls }) => tls === undefined ? [] : Object.values(tls.files)),
  ];
  const unread = files.filter((file) => !mayAccess(file, R_OK));
  const folders = (paths: readonly string[]) =>
    [...new Set(paths.map(dirname))].filter((folder) => !mayAccess(folder, W_OK | X_OK));
  const words = (paths: readonly string[]) => paths.map(shellWord).join(" ");
  const local = listeners.filter(({ tcp }) => tcp === undefined);
  const sockets = [...local, ...(authz === undefined ? [] : [authz])];
  const closed = folders(sockets.map(({ socket }) => socket));
  const foreign = local.filter((listener) => !canOwn(listener, identity)).map((l) => l.socket);
  const low = listeners.filter(({ tcp }) => tcp !== undefined && tcp.port < 1024).map((l) =>
    l.socket
  );
  const logs = audit.to === "file" ? folders([audit.path]) : [];
  return [
    ...(unread.length === 0 ? [] : [
      `${who} cannot read ${unread.join(", ")}, so changes cannot be taken up: ` +
      `chgrp ${group} ${words(unread)} && chmod g+r ${words(unread)}`,
    ]),
    ...(closed.length === 0 ? [] : [
      `${who} cannot change ${closed.join(", ")}: sockets there are not removed at the end, nor ` +
      `made again or rotated; give Postern a folder of its own: chown ${who} ${words(closed)}`,
    ]),
    ...(foreign.length === 0 ? [] : [
      `only root can make ${
        foreign.join(", ")
      } again, with that owner: such sockets are not kept ` +
      `as configured, rotated or opened by a reload; give them user: ${who} and a group that ` +
      `${who} is in`,
    ]),
    ...(low.length === 0 ? [] : [
      `only root can open ${
        low.join(", ")
      } again, whose port is below 1024: a reload that closes it ` +
      "and one that opens it need a restart in between",
    ]),
    ...(logs.length === 0 ? [] : [
      `${who} cannot make files in ${logs.join(", ")}: the audit file is not made again when it ` +
      `is moved or full; chown ${who} ${words(logs)}`,
    ]),
  ];
}

/** Whether somebody without root can give a file of his own to these (chown(2)). */
function canOwn({ uid, gid }: ListenerConfig, identity: Identity): boolean {
  return (uid ?? identity.uid) === identity.uid &&
    (gid === undefined || gid === identity.gid || identity.groups.includes(gid));
}
