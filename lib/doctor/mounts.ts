/** One line of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export interface Mount {
  /** `major:minor` of the file system. */
  readonly device: string;
  /** What of the file system is mounted, from its own root. */
  readonly root: string;
  /** Where, from the process's root. */
  readonly point: string;
}

/** Reads a mountinfo; blanks in paths are written as octal numbers there. */
export function mounts(text: string): Mount[] {
  return text.split("\n").flatMap((line): Mount[] => {
    const [, , device, root, point] = line.split(" ");
    return point === undefined
      ? []
      : [{ device: device!, root: unescaped(root!), point: unescaped(point) }];
  });
}

function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}

/** A file as its file system knows it: its device, and its path from that file system's root. Of mounts at one place, the last counts. */
export function placeOf(own: readonly Mount[], path: string): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of own) {
    const covers = mount.point === "/" || path === mount.point ||
      path.startsWith(`${mount.point}/`);
    if (covers && (best === undefined || mount.point.length >= best.point.length)) best = mount;
  }
  if (best === undefined) return undefined;
  const rest = best.point === "/" ? path : path.slice(best.point.length);
  const root = best.root === "/" ? rest : best.root + rest;
  return { device: best.device, root: root === "" ? "/" : root, point: path };
}

/** Where a file of `place` can be reached through these mounts, ones that are covered by others included. */
export function reaching(theirs: readonly Mount[], place: Mount): string[] {
  return theirs.filter(({ device }) => device === place.device).flatMap(({ root, point }) => {
    if (root === place.root) return [point];
    const under = root === "/"
      ? place.root
      : place.root.startsWith(`${root}/`)
      ? place.root.slice(root.length)
      : undefined;
    return under === undefined ? [] : [point === "/" ? under : point + under];
  });
}
