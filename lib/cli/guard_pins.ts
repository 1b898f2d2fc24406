import { cgroupMount, cgroupPath } from "../guard/cgroups.ts";
import type { FileId } from "../guard/layout.ts";
import { PIN_FOLDER, unpinAll } from "../guard/pins.ts";
import { readStatus, type Status } from "../guard/status.ts";
import { SystemError } from "../linux/errno.ts";
import { readLink } from "../linux/proc.ts";
import { NameCache } from "../peer/names.ts";
import { printable } from "../watch/printable.ts";
import { startOf } from "../watch/process.ts";
import { CANNOT_START, NO, OK, type World } from "./world.ts";

/** `guard --status` and `guard --unpin`: what is pinned, and its end; 1 when nothing is. */
export function guardPins(what: "status" | "unpin", json: boolean, world: World): number {
  if (Deno.uid() !== 0) {
    world.stderr(`postern guard: only root can look into ${PIN_FOLDER}\n`);
    return CANNOT_START;
  }
  try {
    return what === "status" ? status(json, world) : unpin(json, world);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    world.stderr(`postern guard: ${error.message}\n`);
    return CANNOT_START;
  }
}

function status(json: boolean, world: World): number {
  const found = readStatus();
  if (json) world.stdout(JSON.stringify(asJson(found)) + "\n");
  else world.stdout(found === undefined ? `nothing is pinned in ${PIN_FOLDER}\n` : asText(found));
  return found === undefined ? NO : OK;
}

function unpin(json: boolean, world: World): number {
  const done = unpinAll();
  const held = done?.stillHeld === true;
  const text = done === undefined
    ? `nothing is pinned in ${PIN_FOLDER}`
    : `unpinned${held ? "; a guard that runs still holds the seal" : ""}`;
  world.stdout(`${json ? JSON.stringify({ unpinned: done !== undefined, held }) : text}\n`);
  return done === undefined ? NO : OK;
}

function asText(status: Status): string {
  const lines = [
    `a seal is pinned in ${PIN_FOLDER}: link ${status.link}, program ${status.program}`,
  ];
  for (const { name, folder } of status.names) {
    lines.push(
      `  sealed: whatever is called ${printable(name)} in the folder of ${placeOf(folder)}`,
    );
  }
  for (const file of status.files) lines.push(`  sealed: ${placeOf(file)}`);
  for (const process of status.processes) lines.push(`  may connect: ${programOf(process)}`);
  const names = new NameCache();
  for (const uid of status.uids) {
    const name = names.user(uid);
    lines.push(`  may connect: uid ${uid}${name === undefined ? "" : ` (${printable(name)})`}`);
  }
  const mount = cgroupMount();
  for (const id of status.cgroups) {
    const path = mount === undefined ? undefined : cgroupPath(mount, id);
    lines.push(
      `  may connect: cgroup ${path === undefined ? `${id}, which is gone` : printable(path)}`,
    );
  }
  if (status.lost > 0n) lines.push(`  attempts that nobody read: ${status.lost}`);
  return lines.join("\n") + "\n";
}

function placeOf({ inode, device }: FileId): string {
  return `inode ${inode} on device ${deviceOf(device)}`;
}

function deviceOf(device: bigint): string {
  return `${device >> 20n}:${device & 0xfffffn}`;
}

/** With its executable, when it is still the same process. */
function programOf({ pid, start }: Status["processes"][number]): string {
  const exe = readLink(`/proc/${pid}/exe`);
  if (startOf(pid) !== String(start)) return `process ${pid}, which has ended`;
  return `process ${pid}${exe === undefined ? "" : `, ${printable(exe)}`}`;
}

function asJson(status: Status | undefined) {
  if (status === undefined) return { pinned: false };
  const file = ({ inode, device }: FileId) => ({
    inode: String(inode),
    device: deviceOf(device),
  });
  return {
    pinned: true,
    link: status.link,
    program: status.program,
    sockets: status.files.map(file),
    names: status.names.map(({ folder, name }) => ({ name, folder: file(folder) })),
    processes: status.processes.map(({ pid, start }) => ({ pid, start: String(start) })),
    uids: status.uids,
    cgroups: status.cgroups.map(String),
    lost: String(status.lost),
  };
}
