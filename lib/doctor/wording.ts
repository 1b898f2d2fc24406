import { type Accounts, groupNamed, userNamed } from "./accounts.ts";
import type { FileStatus } from "../linux/file.ts";
import type { Facts, RealSocket } from "./facts.ts";
import type { Process } from "./processes.ts";

/** `0660 root:docker`. */
export function access(accounts: Accounts, { mode, uid, gid }: FileStatus): string {
  const octal = mode.toString(8).padStart(4, "0");
  return `${octal} ${userNamed(accounts, uid)}:${groupNamed(accounts, gid)}`;
}

/** `pid 812, /usr/bin/traefik, user root, container 3f2a9c0d1b2e`, or `unit traefik.service`. */
export function describe(accounts: Accounts, process: Process): string {
  const { pid, exe, comm, uid, container, unit } = process;
  return [
    `pid ${pid}`,
    exe ?? comm,
    ...(uid === undefined ? [] : [`user ${userNamed(accounts, uid)}`]),
    ...(container !== undefined
      ? [`container ${container.slice(0, 12)}`]
      : unit !== undefined
      ? [`unit ${unit}`]
      : []),
  ].join(", ");
}

/** Why a container is not simply called the gate's. */
export const LOOKS_LIKE_GATE =
  "it listens at the gate's sockets: so does whatever was put in the gate's place";

/** Names of processes, containers and files are others' to choose: a terminal must not act on them, nor a line look different. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

/** Who somebody is that the engine does everything for: `root`, or the user of one that is rootless. */
export function whoConnects({ engines, accounts }: Facts, socket: RealSocket): string {
  const { named, beside, status } = socket;
  const isRootless =
    engines.find(({ socket }) => socket === (beside ?? named))?.info?.isRootless === true;
  return isRootless && status !== undefined ? userNamed(accounts, status.uid) : "root";
}
