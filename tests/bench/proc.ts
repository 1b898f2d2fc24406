// What a relay has used and holds, by proc(5): of its process and of those that descend from it, since nginx works in
// a child and socat in one a connection.

/** Clock ticks a second: fixed in every Linux ABI that Deno runs on (sysconf(_SC_CLK_TCK)). */
const TICKS = 100;

/** Processor seconds of all threads, and of children that have ended, in steps of 10 ms. */
export function processorSeconds(pid: number): number {
  const ticks = family(pid).map(({ fields }) =>
    // utime, stime, cutime and cstime are fields 14 to 17.
    fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  );
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS;
}

/** Resident memory in bytes. */
export interface Resident {
  /** What nobody else can have: heap and stacks. */
  readonly own: number;
  /** Pages of files such as the executable. */
  readonly files: number;
}

/** Descendants mostly have the same executable mapped, and pages from before a fork in common: neither counts twice. */
export function resident(pid: number): Resident {
  const all = family(pid).map(({ pid }) => pid);
  const kibibytes = (file: string, pattern: RegExp) =>
    all.map((pid) => Number(pattern.exec(read(`/proc/${pid}/${file}`) ?? "")?.[1] ?? 0));
  const own = kibibytes("smaps_rollup", /^Pss_Anon:\s+(\d+) kB$/m);
  const files = kibibytes("status", /^RssFile:\s+(\d+) kB$/m);
  return { own: own.reduce((sum, each) => sum + each, 0) * 1024, files: Math.max(...files) * 1024 };
}

interface Process {
  readonly pid: number;
  /** Those of /proc/PID/stat from the third on: the command's name before them may hold blanks. */
  readonly fields: readonly string[];
}

/** A process and its descendants. */
function family(pid: number): Process[] {
  const all = [...Deno.readDirSync("/proc")].flatMap(({ name }): Process[] => {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : undefined;
    if (stat === undefined) return [];
    return [{ pid: Number(name), fields: stat.slice(stat.lastIndexOf(")") + 2).split(" ") }];
  });
  const members = all.filter((process) => process.pid === pid);
  for (const { pid: parent } of members) {
    members.push(...all.filter(({ fields }) => fields[1] === String(parent)));
  }
  return members;
}

/** Undefined when the process has ended meanwhile. */
function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
