import type { Access } from "./disk.ts";
import type { Config } from "../config/types.ts";

/** The parts of the host that `harden` sets right, in the order in which they are applied. */
export const partNames = [
  "sockets",
  "systemd",
  "audit",
  "apparmor",
  "selinux",
  "containers",
  "daemon",
] as const;
export type PartName = typeof partNames[number];

/** Parts that name the accounts which another one makes: without them the service does not start, and no audit rule loads. */
export const needs: Readonly<Partial<Record<PartName, PartName>>> = {
  systemd: "sockets",
  audit: "sockets",
};

/** One thing to do. `why` is the comment that a person reads above it. */
export type Step = FileStep | AccessStep | CommandStep;

/** Why a plan cannot be made as things are, and what to do about it. Nothing is changed then. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** What may be given to somebody. */
export type Owned = "socket" | "file" | "folder";

/** A file as it should be. */
export interface FileStep {
  readonly kind: "file";
  /** On the host; below `--root` when that is given. */
  readonly path: string;
  /** The whole new text, from what the file holds now: one that is merged keeps what it does not own. */
  readonly content: (existing: string | undefined) => string;
  readonly mode: number;
  /** The file is somebody else's, too: its mode and owner stay, and what was changed by hand is kept. */
  readonly merges?: true;
  readonly why: string;
}

/** A file that is there, a live socket, with the mode and the owner that it should have. */
export interface AccessStep {
  readonly kind: "access";
  /** What is there by that name; root gives nothing else away. */
  readonly what: Owned;
  readonly path: string;
  readonly mode: number;
  /** By name, as the host or the root knows it. */
  readonly user: string;
  readonly group: string;
  readonly why: string;
}

/** A program of the host's, to be run as root. */
export interface CommandStep {
  readonly kind: "command";
  readonly command: readonly string[];
  /** Takes it back, before the files of its part are put back. */
  readonly undo?: readonly string[];
  /** `undo` clears away whatever is there, also half of it where the command was cut off. */
  readonly clears?: true;
  /**
   * A command that succeeds when nothing is left to be done. Absent: it is run whenever a file of the same part was changed; with
   * nothing to undo it is a reload, and is run again when the part's files have been put back.
   */
  readonly done?: readonly string[];
  /** The same below another root, such as `groupadd --prefix DIR`; absent: it is left out there. */
  readonly below?: (root: string) => readonly string[];
  readonly undoBelow?: (root: string) => readonly string[];
  readonly doneBelow?: (root: string) => readonly string[];
  /** What it changes beside being undone: put back where `undo` has left the files' text as it was. */
  readonly touches?: Touched;
  /** Taken back, it removes a group, whose number the next group to be made gets: these are given to another one first. */
  readonly frees?: Freed;
  /** The same of a user: folders with what that user has written, which become root's. */
  readonly leaves?: Left;
  readonly why: string;
}

/** A user, and folders that may be that user's, with files in them. */
export interface Left {
  readonly user: string;
  readonly folders: readonly string[];
}

/** Sockets that may be a group's, and the group that they get when it goes; root's where there is none of that name. */
export interface Freed {
  readonly group: string;
  readonly sockets: readonly string[];
  readonly to: string;
  /** What is left of their mode at most. */
  readonly mode: number;
}

/** Files that a command edits, and backups and locks that it leaves beside them. */
export interface Touched {
  readonly files: readonly string[];
  readonly beside: readonly string[];
}

/** What a part wants to do, or why it has nothing to do here. */
export interface PartPlan {
  readonly steps: readonly Step[];
  /** What a person should know or do by hand. */
  readonly notes: readonly string[];
  /** Why the whole part is left out: a kernel without AppArmor, for example. Then there are no steps. */
  readonly skipped?: string;
}

/** What is known of the host, and what is wanted, when a plan is made. */
export interface Facts {
  readonly config: Config;
  /** Absolute path of postern.yaml on the host. */
  readonly configFile: string;
  /** The real socket where it leads to, no link in it: /run/docker.sock. */
  readonly upstream: string;
  /** Words that start Postern's command line on the host, such as ["/usr/local/bin/postern"]. */
  readonly program: readonly string[];
  /** The user that the gate runs as, and the group that alone may connect to the real socket. */
  readonly user: string;
  readonly group: string;
  /** A file's text on the host (below the root when there is one); undefined when it is not there. */
  readonly read: (path: string) => string | undefined;
  /** Names in a folder, sorted; none when it is not there. */
  readonly list: (folder: string) => readonly string[];
  /** Whose a file or a folder is, and who may do what with it, links followed; undefined when it is not there. */
  readonly look: (path: string) => Access | undefined;
  /** Numbers of the gate's user and of its first group, where they are there already. */
  readonly ids: { readonly uid: number | undefined; readonly gid: number | undefined };
  /** Words that the engines which run here were started with; none below a root. */
  readonly engineWords: readonly string[];
  /** Whether a path is there. */
  readonly exists: (path: string) => boolean;
  /** Whether a program is installed on the host. */
  readonly installed: (program: string) => boolean;
}

/** One part of the hardening: pure, facts in, a plan out. */
export interface Part {
  readonly name: PartName;
  /** One line for `harden --help` and for the plan's headings. */
  readonly summary: string;
  plan(facts: Facts): PartPlan;
}
