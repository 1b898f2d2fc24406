/** The numbers of a process's open descriptors, in order (proc(5)). */
export function descriptors(pid: number): number[] {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) => Number(name)).sort((a, b) =>
    a - b
  );
}

/** How many sockets a process has open. */
export function sockets(pid: number): number {
  return descriptors(pid).filter((fd) => {
    try {
      return Deno.readLinkSync(`/proc/${pid}/fd/${fd}`).startsWith("socket:");
    } catch {
      // Closed meanwhile.
      return false;
    }
  }).length;
}

/** Memory that a process has in RAM, in MiB. */
export function residentMiB(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
}

/** Waits until a process has so many descriptors at most, and returns how many it has then. */
export async function shrunkTo(pid: number, most: number): Promise<number> {
  for (let tries = 0; tries < 1000 && descriptors(pid).length > most; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return descriptors(pid).length;
}

/** Lowers a process's limit until it can open just so many descriptors more (RLIMIT_NOFILE is a bound on their numbers). */
export async function leaveRoom(pid: number, more: number): Promise<void> {
  const open = new Set(descriptors(pid));
  let limit = 0;
  for (let free = 0; open.has(limit) || free++ < more;) limit++;
  await limitDescriptors(pid, limit);
}

/** Sets the soft limit; the hard one stays. */
export async function limitDescriptors(pid: number, limit: number): Promise<void> {
  const { success, stderr } = await new Deno.Command("prlimit", {
    args: [`--pid=${pid}`, `--nofile=${limit}:`],
  }).output();
  if (!success) throw new Error(`prlimit: ${new TextDecoder().decode(stderr)}`);
}
