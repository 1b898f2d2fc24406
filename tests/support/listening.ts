/** Waits until somebody has called listen(2) at a path, in the network namespace of a process (proc_net(5)). */
export async function untilListening(pid: number, path: string): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    try {
      const table = Deno.readTextFileSync(`/proc/${pid}/net/unix`).split("\n");
      // __SO_ACCEPTCON, in the column Flags.
      if (table.some((line) => line.split(" ")[3] === "00010000" && line.endsWith(` ${path}`))) {
        return;
      }
    } catch { /* not yet */ }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Nobody listens at ${path}`);
}
