import manifest from "../../deno.json" with { type: "json" };

/** Where Postern's sources are, with a slash at the end. */
export const home = new URL("../..", import.meta.url).pathname;

/** The gate's words on a host that has it from source, as `harden` writes them. */
export function fromSource(deno: string): string[] {
  const flags = manifest.tasks.start.split(" ").filter((word) => word.startsWith("--"));
  return [deno, "run", "--cached-only", ...flags, `${home}main.ts`];
}

/** An engine that answers each request, by socat. */
export const engine = `#!/bin/sh
while read -r line; do
  test "$line" = "$(printf '\\r')" && printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nOK'
done
`;

/** How a machine with mandatory access rules went. */
export interface Confined {
  readonly output: string;
  /** What came of each `TRY NAME: …`. */
  readonly tries: ReadonlyMap<string, string>;
  /** What follows a word at a line's beginning; "" when nothing does. */
  said(word: string): string;
}

/** Reads what a machine wrote. */
export function readConfined(output: string): Confined {
  const tries = [...output.matchAll(/^TRY ([^:]+): (.*)$/gm)];
  return {
    output,
    tries: new Map(tries.map(([, name, out]) => [name!, out!.trim()])),
    said: (word) => new RegExp(`^${word} ?(.*)$`, "m").exec(output)?.[1] ?? "",
  };
}
