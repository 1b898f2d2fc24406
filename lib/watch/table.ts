import { styleText } from "node:util";
import { cut, printable } from "./printable.ts";
import { resultOf, type Sighting } from "./sighting.ts";

/** A column of the table: its head, its width, and the least width of a line that has room for it. */
interface Column {
  readonly head: string;
  readonly width: number;
  readonly from: number;
  readonly cell: (sighting: Sighting) => string;
}

const columns: readonly Column[] = [
  { head: "TIME", width: 8, from: 0, cell: ({ time }) => clock(time) },
  { head: "RESULT", width: 12, from: 0, cell: (seen) => resultOf(seen) },
  { head: "USER", width: 12, from: 0, cell: ({ uid, user }) => user ?? String(uid) },
  { head: "PID", width: 7, from: 0, cell: ({ pid }) => String(pid) },
  {
    head: "CONTAINER",
    width: 12,
    from: 80,
    cell: ({ container }) => container?.slice(0, 12) ?? "-",
  },
  {
    head: "PARENT",
    width: 18,
    from: 110,
    cell: ({ parent }) => parent === undefined ? "-" : `${parent.pid} ${basename(parent.exe)}`,
  },
];

/** What remains for the last column, the command, whatever the width. */
const LEAST = 16;

/** The table's first line, for lines of so many characters. */
export function heading(width: number, color: boolean): string {
  const text = [...shown(width).map(({ head, width }) => head.padEnd(width)), "COMMAND"].join("  ");
  return `${color ? styleText("bold", text, { validateStream: false }) : text}\n`;
}

/** A sighting as a line of the table, a bypass in red; what comes from a process cannot reach the terminal as it is. */
export function row(sighting: Sighting, width: number, color: boolean): string {
  const columns = shown(width);
  const cells = columns.map(({ width, cell }) =>
    cut(printable(cell(sighting)), width).padEnd(width)
  );
  const room = Math.max(LEAST, width - columns.reduce((sum, { width }) => sum + width + 2, 0));
  const text = [...cells, cut(printable(describe(sighting)), room)].join("  ");
  if (!color || !sighting.bypass) return `${text}\n`;
  return `${styleText("red", text, { validateStream: false })}\n`;
}

function shown(width: number): readonly Column[] {
  return columns.filter(({ from }) => width >= from);
}

/** The executable, which a process cannot choose as it can its words, then those words but the first. */
function describe({ bypass, exe, command = [], comm, by, socket }: Sighting): string {
  const program = exe ?? (comm === undefined ? "?" : `(${comm})`);
  const text = [program, ...command.slice(1)].join(" ");
  const name = by === "name" ? ` [${socket} by its name]` : "";
  return `${bypass ? "" : "[postern] "}${text}${name}`;
}

function basename(path: string | undefined): string {
  return path === undefined ? "" : path.slice(path.lastIndexOf("/") + 1);
}

function clock(time: number): string {
  return new Date(time).toTimeString().slice(0, 8);
}
