import { basename } from "node:path";
import { SystemError } from "../linux/errno.ts";
import { Inotify } from "../linux/inotify.ts";
import { close, eventfd, signalEventfd } from "../linux/io.ts";
import { waitReadable } from "../linux/wait.ts";
import { cgroupId } from "./cgroups.ts";
import { listeners } from "./holders.ts";
import { deviceNumber, type FileId, fileKey, maps, nameKey, u32, u64 } from "./layout.ts";
import { GateProcesses } from "./processes.ts";
import { type Proof, prove } from "./prove.ts";
import type { Seal } from "./seal.ts";
import { locate, type Target } from "./target.ts";
import type { Hearer, Wanted } from "./wanted.ts";

/** How long nothing is looked at when nothing happens, in milliseconds. */
const LOOK_MS = 1000;
/** How often it is said that attempts came too fast, at most. */
const SAY_MS = 5000;
const PRESENT = u32(1);

/** Keeps a seal true: follows the real sockets when they are made anew, Postern's processes as they start and end, and cgroups. */
export class Keeper {
  readonly #seal: Seal;
  readonly #wanted: Wanted;
  readonly #hearer: Hearer;
  readonly #pid: number;
  readonly #wake = eventfd();
  #over = false;
  #watch: Inotify | undefined;
  #watched = "";
  readonly #processes: GateProcesses;
  /** Every file that was one of the real sockets, with the path that it was found at. */
  readonly #files = new Map<string, { readonly id: FileId; readonly path: string }>();
  readonly #names = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #cgroups = new Map<string, bigint>();
  readonly #proofs = new Map<string, string>();
  #lost = 0n;
  #lostTold = -Infinity;

  /** `pid`: our own. */
  constructor(seal: Seal, wanted: Wanted, hearer: Hearer, pid: number) {
    this.#seal = seal;
    this.#wanted = wanted;
    this.#hearer = hearer;
    this.#pid = pid;
    this.#processes = new GateProcesses(seal, wanted, hearer);
    for (const uid of wanted.uids) seal.set("users", u32(uid), PRESENT);
  }

  /** Brings the seal up to date. Whoever may connect comes first, so that Postern's clients notice nothing. The answer is what a try of our own showed, by path. */
  begin(): ReadonlyMap<string, Proof> {
    this.#followCgroups();
    this.#processes.follow();
    return this.#followSockets();
  }

  /** Until `stop`. Throws what a hearer throws. */
  async run(): Promise<void> {
    while (!this.#over) {
      const watched = this.#watch === undefined ? [] : [this.#watch.descriptor];
      const fds = [this.#wake, this.#seal.descriptor, ...watched, ...this.#processes.pidfds()];
      this.#turn(new Set(await waitReadable(fds, LOOK_MS)));
    }
  }

  /** The path that a file was found at. */
  pathOf(file: FileId): string | undefined {
    return this.#files.get(String(fileKey(file)))?.path;
  }

  stop(): void {
    this.#over = true;
    signalEventfd(this.#wake);
  }

  close(): void {
    this.#watch?.close();
    this.#processes.close();
    close(this.#wake);
  }

  #turn(ready: ReadonlySet<number>): void {
    this.#processes.forget(ready);
    const changed = this.#watch?.changes();
    this.#followSockets();
    this.#followCgroups();
    const opened = changed?.lost === true ||
      changed?.paths.some((path) =>
        this.#wanted.intercepts.some((socket) => basename(socket) === basename(path))
      );
    if (opened) this.#processes.follow();
    else this.#processes.followWhenDue();
    this.#hear();
  }

  #hear(): void {
    const attempts = this.#seal.attempts();
    if (attempts.length > 0) this.#hearer.attempts(attempts);
    const { lost } = this.#seal;
    const now = performance.now();
    if (lost === this.#lost || now - this.#lostTold < SAY_MS) return;
    this.#hearer.warn(`${lost - this.#lost} attempts came too fast to be told one by one`);
    this.#lost = lost;
    this.#lostTold = now;
  }

  #followSockets(): ReadonlyMap<string, Proof> {
    const targets = this.#wanted.upstreams.map(locate);
    this.#sealTargets(targets);
    // Looked at again when they are watched: what was made meanwhile is not missed.
    if (this.#watchFolders(targets)) this.#sealTargets(this.#wanted.upstreams.map(locate));
    return this.#tryNew(targets);
  }

  #sealTargets(targets: readonly Target[]): void {
    for (const { path, place } of targets) {
      if (place === undefined) continue;
      const key = nameKey(place);
      const before = this.#names.get(path);
      if (before !== undefined && String(before) === String(key)) continue;
      this.#seal.set("names", key, PRESENT);
      this.#names.set(path, key);
      const shared = [...this.#names.values()].some((other) => String(other) === String(before));
      if (before !== undefined && !shared) this.#seal.remove("names", before);
    }
    const files = new Map(
      targets.flatMap(({ path, file }) =>
        file === undefined ? [] : [[String(fileKey(file)), { id: file, path }] as const]
      ),
    );
    for (const [key, file] of files) {
      if (this.#files.has(key)) continue;
      this.#makeRoom(files);
      this.#seal.set("inodes", fileKey(file.id), PRESENT);
      this.#files.set(key, file);
    }
  }

  /** Files of before go when nobody listens there any more: under another name, the old one may be open as long as somebody does. */
  #makeRoom(current: ReadonlyMap<string, unknown>): void {
    const open = listeners();
    if (open === undefined && this.#files.size < maps.inodes.entries) return;
    for (const [key, { id }] of this.#files) {
      if (current.has(key)) continue;
      const listens = open?.some(({ file }) =>
        file !== undefined && BigInt(file.inode) === (id.inode & 0xffffffffn) &&
        deviceNumber(file.device) === id.device
      );
      if (listens === true) continue;
      this.#seal.remove("inodes", fileKey(id));
      this.#files.delete(key);
    }
  }

  /** Whether there are others now. */
  #watchFolders(targets: readonly Target[]): boolean {
    const folders = new Set<string>();
    for (const { place } of targets) if (place !== undefined) folders.add(place.folderPath);
    for (const socket of this.#wanted.intercepts) {
      const folder = locate(socket).place?.folderPath;
      if (folder !== undefined) folders.add(folder);
    }
    const watched = [...folders].map((path) => `${path} ${String(locate(path).file?.inode)}`).sort()
      .join("\n");
    if (watched === this.#watched) return false;
    try {
      const next = new Inotify(folders);
      this.#watch?.close();
      this.#watch = next;
      this.#watched = watched;
      return true;
    } catch (error) {
      // Gone since; or there are too many watches, and the second that passes between two looks must do.
      if (!(error instanceof SystemError)) throw error;
      return false;
    }
  }

  #tryNew(targets: readonly Target[]): ReadonlyMap<string, Proof> {
    const proofs = new Map<string, Proof>();
    for (const { path, file } of targets) {
      const key = file === undefined ? "" : String(fileKey(file));
      if (this.#proofs.get(path) === key) continue;
      const proof = file === undefined ? "unreachable" : prove(this.#seal, path, this.#pid);
      proofs.set(path, proof);
      // Nobody listens yet, perhaps: it is tried again.
      if (proof !== "unreachable" || file === undefined) this.#proofs.set(path, key);
      if (proof === "refused") this.#hearer.info(`${path} is sealed: a try of our own was refused`);
      if (proof === "open") {
        this.#hearer.warn(`${path} is NOT sealed: a try of our own went through`);
      }
      if (file === undefined) {
        this.#hearer.info(`${path} is not there; it is sealed from the moment it comes`);
      }
    }
    return proofs;
  }

  #followCgroups(): void {
    for (const folder of this.#wanted.cgroups) {
      const id = cgroupId(folder);
      const before = this.#cgroups.get(folder);
      if (id === before) continue;
      if (id === undefined) this.#cgroups.delete(folder);
      else this.#cgroups.set(folder, id);
      if (id !== undefined) this.#seal.set("cgroups", u64(id), PRESENT);
      if (before !== undefined) this.#seal.remove("cgroups", u64(before));
      this.#hearer.info(
        id === undefined ? `${folder} is gone` : `what runs in ${folder} may connect`,
      );
    }
  }
}
