import { PIN_FOLDER, unpinAll } from "../guard/pins.ts";
import { readStatus, type Status } from "../guard/status.ts";
import { SystemError } from "../linux/errno.ts";
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
  if (json) {
    world.stdout(
      JSON.stringify({ unpinned: done !== undefined, held: done?.stillHeld ?? false }) + "\n",
    );
  } else if (done === undefined) world.stdout(`nothing is pinned in ${PIN_FOLDER}\n`);
  else {world.stdout(
      done.stillHeld ? "unpinned; a guard that runs still holds the seal\n" : "unpinned\n",
    );}
  return done === undefined ? NO : OK;
}

function asText(status: Status): string {
  const lines = [
    `a seal is pinned in ${PIN_FOLDER}: link ${status.link}, program ${status.program}`,
  ];
  for (const { name, folder } of status.names) {
    lines.push(`  sealed: ${name} in inode ${folder.inode}`);
  }
  for (const { inode } of status.files) lines.push(`  sealed: inode ${inode}`);
  for (const { pid } of status.processes) lines.push(`  may connect: process ${pid}`);
  for (const uid of status.uids) lines.push(`  may connect: uid ${uid}`);
  for (const id of status.cgroups) lines.push(`  may connect: cgroup ${id}`);
  if (status.lost > 0n) lines.push(`  attempts that nobody read: ${status.lost}`);
  return lines.join("\n") + "\n";
}

function asJson(status: Status | undefined) {
  if (status === undefined) return { pinned: false };
  const file = ({ inode, device }: { inode: bigint; device: bigint }) => ({
    inode: String(inode),
    device: `${device >> 20n}:${device & 0xfffffn}`,
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
