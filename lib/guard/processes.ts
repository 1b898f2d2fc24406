import { SystemError } from "../linux/errno.ts";
import { close } from "../linux/io.ts";
import { isInCgroup, isInContainer } from "../watch/inside.ts";
import { cgroupMount } from "./cgroups.ts";
import { findHolders, type Holder } from "./holders.ts";
import { u32, u64 } from "./layout.ts";
import { isPlacedByRoot } from "./placed.ts";
import type { Seal } from "./seal.ts";
import type { Hearer, Wanted } from "./wanted.ts";

/** How often Postern is looked for while it does not run, in milliseconds. */
const LOOK_MS = 1000;
/** And while it does: another one may start. */
const SCAN_MS = 5000;
const MOST_TOLD = 4096;

/** Lets Postern's processes through a seal, as they start and end. */
export class GateProcesses {
  readonly #seal: Pick<Seal, "set" | "remove">;
  readonly #wanted: Wanted;
  readonly #hearer: Pick<Hearer, "info" | "warn">;
  readonly #holders = new Map<number, Holder>();
  readonly #told = new Set<string>();
  #scanned = -Infinity;

  constructor(
    seal: Pick<Seal, "set" | "remove">,
    wanted: Wanted,
    hearer: Pick<Hearer, "info" | "warn">,
  ) {
    this.#seal = seal;
    this.#wanted = wanted;
    this.#hearer = hearer;
  }

  /** Readable when a process has ended. */
  pidfds(): number[] {
    return [...this.#holders.values()].map(({ pidfd }) => pidfd);
  }

  followWhenDue(): void {
    const rest = this.#holders.size === 0 ? LOOK_MS : SCAN_MS;
    if (performance.now() - this.#scanned >= rest) this.follow();
  }

  follow(): void {
    this.#scanned = performance.now();
    for (const holder of this.#holdersNow()) {
      const why = this.#doubt(holder);
      if (why !== undefined) {
        this.#strange(holder, why);
        continue;
      }
      this.#seal.set("processes", u32(holder.pid), u64(holder.start));
      this.#holders.set(holder.pid, holder);
      this.#hearer.info(`process ${holder.pid} is Postern's, and may connect`);
    }
  }

  /** Takes back what those may whose pidfd is among the readable ones. */
  forget(readable: ReadonlySet<number>): void {
    for (const { pid, pidfd } of [...this.#holders.values()]) {
      if (!readable.has(pidfd)) continue;
      this.#seal.remove("processes", u32(pid));
      this.#holders.delete(pid);
      close(pidfd);
      this.#hearer.info(`process ${pid} has ended, and may not connect any more`);
    }
  }

  close(): void {
    for (const { pidfd } of this.#holders.values()) close(pidfd);
    this.#holders.clear();
  }

  #holdersNow(): readonly Holder[] {
    try {
      return findHolders(this.#wanted.intercepts, new Set(this.#holders.keys()));
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#once(
        "sock_diag",
        `Postern's processes cannot be found: ${error.message}; ` +
          "load the module unix_diag, or name Postern's service with --allow-cgroup",
      );
      return [];
    }
  }

  /** Why it may not be Postern. */
  #doubt({ pid, uid, paths }: Holder): string | undefined {
    if (isInContainer(pid)) {
      return "is in a container, and all can listen there that have the folder mounted";
    }
    if (this.#wanted.owners.has(uid) || paths.some(isPlacedByRoot)) return undefined;
    return "is neither root's nor run_as's, and others than root can put sockets there";
  }

  /** Who is named may connect all the same. */
  #strange({ pid, start, uid, pidfd, paths }: Holder, why: string): void {
    const mount = cgroupMount() ?? "";
    const cgroups = this.#wanted.cgroups.map((folder) => folder.slice(mount.length));
    const isNamed = this.#wanted.uids.includes(uid) || isInCgroup(pid, cgroups);
    close(pidfd);
    if (isNamed) return;
    this.#once(
      `${pid} ${start}`,
      `process ${pid} of uid ${uid} holds ${
        paths[0]
      }, but ${why}: it may not connect unless it is named, ` +
        `by --allow-cgroup or with --allow-uid ${uid}`,
    );
  }

  #once(key: string, text: string): void {
    if (this.#told.has(key)) return;
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.add(key);
    this.#hearer.warn(text);
  }
}
