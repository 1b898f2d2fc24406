import { createHash } from "node:crypto";

const folder = new URL("corpus/", import.meta.url);

/** The kept inputs of a target, a file each, by name. */
export function corpusOf(target: string): ReadonlyMap<string, string> {
  const files = [...Deno.readDirSync(new URL(`${target}/`, folder))].map(({ name }) => name);
  return new Map(
    files.toSorted().map((name) => [
      name,
      Deno.readTextFileSync(new URL(`${target}/${name}`, folder)),
    ]),
  );
}

/** Keeps an input for every later run; returns where. */
export function keep(target: string, input: string): string {
  const name = createHash("sha256").update(input).digest("hex").slice(0, 12);
  const file = new URL(`${target}/${name}`, folder);
  Deno.writeTextFileSync(file, input);
  return file.pathname;
}
