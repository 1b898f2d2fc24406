import { getSystemErrorMap } from "node:util";

/** What is known of a process; what cannot be told, since it is gone for example, is absent. */
export interface ProcessFacts {
  readonly exe?: string;
  /** The words that it was started with; a process may have changed them. At most 4 KiB. */
  readonly command?: readonly string[];
  readonly container?: string;
  readonly parent?: { readonly pid: number; readonly exe?: string };
}

/** A connection to a real socket, or an attempt at one. */
export interface Sighting extends ProcessFacts {
  /** In milliseconds since 1970. */
  readonly time: number;
  /** It did not come from Postern. */
  readonly bypass: boolean;
  /** The real socket's path, as the configuration has it. */
  readonly socket: string;
  /** 0, or why it was refused (errno(3)). */
  readonly errno: number;
  readonly pid: number;
  /** The effective one, which the engine sees, too. */
  readonly uid: number;
  readonly user?: string;
  /** The thread's name; a process chooses it. */
  readonly comm?: string;
  /** How it was found to lead to the socket: the file itself, or, where that could not be looked at any more, the path alone. */
  readonly by: "file" | "name";
}

/** `connected`, or the refusal's name: `EACCES`. */
export function resultOf({ errno }: Pick<Sighting, "errno">): string {
  if (errno === 0) return "connected";
  return getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`;
}

/** One JSON object for machines; null where something is not known. */
export function asJson(sighting: Sighting): Record<string, unknown> {
  const { time, bypass, socket, by, uid, user, pid, comm, exe, command, container, parent } =
    sighting;
  return {
    time: new Date(time).toISOString(),
    event: bypass ? "bypass" : "postern",
    socket,
    by,
    result: resultOf(sighting),
    uid,
    user: user ?? null,
    pid,
    comm: comm ?? null,
    exe: exe ?? null,
    command: command ?? null,
    container: container ?? null,
    parent: parent === undefined ? null : { pid: parent.pid, exe: parent.exe ?? null },
  };
}
