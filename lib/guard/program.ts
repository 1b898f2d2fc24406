import { Assembler, type Register } from "./assemble.ts";
import { EVENT, EVENT_SIZE, FILE_KEY, type MapName, NAME_KEY, NAME_ROOM, STATE } from "./layout.ts";
import type { Offsets } from "./offsets.ts";

// The kernel's helpers (bpf-helpers(7), include/uapi/linux/bpf.h).
const MAP_LOOKUP = 1;
const CURRENT_PID_TGID = 14;
const CURRENT_UID_GID = 15;
const CURRENT_COMM = 16;
const CURRENT_CGROUP = 80;
const PROBE_READ_STRING = 115;
const ANCESTOR_CGROUP = 123;
const RINGBUF_OUTPUT = 130;
const CURRENT_TASK = 158;
const TO_UNIX_SOCK = 178;

const EPERM = 1;
/** Cgroups are looked for below the root down to this depth, and at the process's own. */
const CGROUP_LEVELS = 8;
/** /proc counts in ticks of 1/100 s on every architecture that we run on (USER_HZ). */
const TICK_NS = 10_000_000;

const FRAME: Register = 10;
// The frame: a key that begins with a file, and above it the event that is told. Below both, small keys.
const EVENT_AT = -EVENT_SIZE;
const KEY_AT = EVENT_AT - NAME_KEY;
const SMALL_AT = KEY_AT - 8;

/**
 * The program for the hook unix_stream_connect(sock, other, newsk): 0 lets the connection go on, -EPERM ends it. It says no to
 * connections to a sealed socket, by its file or by its name in a folder, from all but the processes, users and cgroups in the maps.
 * With a socket that it knows and anything that it cannot find out about the caller, the answer is no.
 */
export function guardProgram(
  offsets: Offsets,
  fds: Readonly<Record<MapName, number>>,
): Uint8Array<ArrayBuffer> {
  const a = new Assembler();
  identify(a, offsets, fds);
  judge(a, offsets, fds);
  report(a, fds);
  a.label("pass").set(0, 0).exit();
  return a.bytes();
}

/** Goes on at `sealed` for a sealed socket, its file being in the event; else to `pass`. */
function identify(a: Assembler, offsets: Offsets, fds: Readonly<Record<MapName, number>>): void {
  a.load(8, 1, 1, 8).call(TO_UNIX_SOCK).jumpIf(0, "==", 0, "pass");
  a.load(8, 7, 0, offsets.dentry).jumpIf(7, "==", 0, "pass");
  fileOf(a, offsets, 7);
  a.load(8, 1, FRAME, KEY_AT).store(8, FRAME, EVENT_AT + EVENT.inode, 1);
  a.load(8, 1, FRAME, KEY_AT + 8).store(8, FRAME, EVENT_AT + EVENT.device, 1);
  lookup(a, fds.inodes, KEY_AT).jumpIf(0, "!=", 0, "sealed");

  a.load(8, 9, 7, offsets.parent).jumpIf(9, "==", 0, "pass");
  fileOf(a, offsets, 9);
  for (let at = 0; at < NAME_ROOM; at += 8) a.storeNumber(8, FRAME, KEY_AT + FILE_KEY + at, 0);
  a.load(8, 3, 7, offsets.name);
  a.copy(1, FRAME).add(1, KEY_AT + FILE_KEY).set(2, NAME_ROOM).call(PROBE_READ_STRING);
  lookup(a, fds.names, KEY_AT).jumpIf(0, "==", 0, "pass");
}

/** Puts inode and device of a directory entry into the key; one without an inode is nobody's socket. */
function fileOf(a: Assembler, offsets: Offsets, dentry: Register): void {
  a.load(8, 8, dentry, offsets.inode).jumpIf(8, "==", 0, "pass");
  a.load(8, 1, 8, offsets.number).store(8, FRAME, KEY_AT, 1);
  a.load(8, 8, 8, offsets.superblock).jumpIf(8, "==", 0, "pass");
  a.load(4, 1, 8, offsets.device).store(8, FRAME, KEY_AT + 8, 1);
}

/** Goes to `pass` for who is in the maps; leaves the caller in the event, and the state in r6. */
function judge(a: Assembler, offsets: Offsets, fds: Readonly<Record<MapName, number>>): void {
  a.label("sealed");
  a.storeNumber(4, FRAME, SMALL_AT, 0);
  lookup(a, fds.state, SMALL_AT).jumpIf(0, "==", 0, "refuse").copy(6, 0);

  a.call(CURRENT_PID_TGID).shiftRight(0, 32).store(4, FRAME, EVENT_AT + EVENT.pid, 0);
  // Whoever asks whether the seal holds is refused, and not told of.
  a.load(4, 1, 6, STATE.prober).jumpIfRegister(1, "==", 0, "refuse");

  a.call(CURRENT_TASK).load(8, 1, 0, offsets.leader).load(8, 1, 1, offsets.start);
  a.divide(1, TICK_NS).store(8, FRAME, EVENT_AT + EVENT.start, 1).copy(7, 1);
  lookup(a, fds.processes, EVENT_AT + EVENT.pid).jumpIf(0, "==", 0, "user");
  a.load(8, 1, 0, 0).jumpIfRegister(1, "==", 7, "pass");

  a.label("user").call(CURRENT_UID_GID).store(4, FRAME, EVENT_AT + EVENT.uid, 0);
  lookup(a, fds.users, EVENT_AT + EVENT.uid).jumpIf(0, "!=", 0, "pass");

  a.call(CURRENT_CGROUP).store(8, FRAME, EVENT_AT + EVENT.cgroup, 0);
  lookup(a, fds.cgroups, EVENT_AT + EVENT.cgroup).jumpIf(0, "!=", 0, "pass");
  for (let level = 1; level <= CGROUP_LEVELS; level++) {
    a.set(1, level).call(ANCESTOR_CGROUP).store(8, FRAME, SMALL_AT, 0);
    lookup(a, fds.cgroups, SMALL_AT).jumpIf(0, "!=", 0, "pass");
  }
}

/** Tells of the connection, or counts that there was no room to; refuses unless it only reports. */
function report(a: Assembler, fds: Readonly<Record<MapName, number>>): void {
  a.copy(1, FRAME).add(1, EVENT_AT + EVENT.comm).set(2, 16).call(CURRENT_COMM);
  a.load(4, 7, 6, STATE.audit).store(8, FRAME, EVENT_AT + EVENT.audited, 7);
  a.map(1, fds.events).copy(2, FRAME).add(2, EVENT_AT).set(3, EVENT_SIZE).set(4, 0);
  a.call(RINGBUF_OUTPUT).jumpIf(0, "==", 0, "told");
  a.set(1, 1).addAtomic(6, STATE.lost, 1);
  a.label("told").jumpIf(7, "!=", 0, "pass");
  a.label("refuse").set(0, -EPERM).exit();
}

/** r0 = the value for the key at this place in the frame, or null. */
function lookup(a: Assembler, fd: number, key: number): Assembler {
  return a.map(1, fd).copy(2, FRAME).add(2, key).call(MAP_LOOKUP);
}
