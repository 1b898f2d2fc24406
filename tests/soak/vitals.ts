import { descriptors, residentMiB } from "../support/process_facts.ts";

/** What a process holds. */
export interface Vitals {
  readonly sockets: number;
  readonly pipes: number;
  /** Descriptors that are neither. */
  readonly others: number;
  readonly threads: number;
  readonly residentMiB: number;
}

/** Reads it out of /proc (proc_pid_fd(5), proc_pid_status(5)). */
export function vitalsOf(pid: number): Vitals {
  const kinds = descriptors(pid).map((fd) => {
    try {
      return Deno.readLinkSync(`/proc/${pid}/fd/${fd}`).split(":")[0];
    } catch {
      // Closed meanwhile.
      return undefined;
    }
  });
  const count = (kind: string) => kinds.filter((other) => other === kind).length;
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return {
    sockets: count("socket"),
    pipes: count("pipe"),
    others: kinds.filter((k) => k !== undefined && k !== "socket" && k !== "pipe").length,
    threads: Number(/^Threads:\s+(\d+)$/m.exec(status)![1]),
    residentMiB: residentMiB(pid),
  };
}
