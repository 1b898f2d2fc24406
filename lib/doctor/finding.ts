/** How bad it is. Only `wrong` makes the answer no; `unknown` is what could not be read. */
export type Level = "wrong" | "advice" | "unknown" | "fine";

/** What one check found. */
export interface Finding {
  readonly level: Level;
  /** One sentence without a final period. */
  readonly title: string;
  /** What was seen, a line each. */
  readonly evidence?: readonly string[];
  /** Lines for a shell, in their order; what no command does is a comment, `# …`. */
  readonly fix?: readonly string[];
}

/** The parts of the report, in its order. */
export const groups = [
  "real socket",
  "engine",
  "postern",
  "audit",
  "kernel",
] as const;
export type Group = typeof groups[number];

/** A finding with where it belongs. */
export interface Placed extends Finding {
  /** The check's name, for programs. */
  readonly check: string;
  readonly group: Group;
}
