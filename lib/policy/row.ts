import type { Effect, Operation } from "./types.ts";

/** A way to call an operation. `{name}` is one segment, `{name…}` one or more, as the engine's `{name:.*}`. */
export interface Route {
  readonly method: string;
  readonly template: string;
}

/** An operation with its routes. */
export interface Row extends Operation {
  readonly routes: readonly Route[];
}

export const R: Effect = "read";
export const S: Effect = "sensitive-read";
export const W: Effect = "write";

/** A row of the table; routes as `GET /containers/json`, flags: h hijacks, s streams. */
export function row(name: string, effect: Effect, routes: readonly string[], flags = ""): Row {
  return {
    name,
    effect,
    hijack: flags.includes("h"),
    stream: flags.includes("s"),
    routes: routes.map((route) => {
      const [method, template] = route.split(" ") as [string, string];
      return { method, template };
    }),
  };
}

/** An operation that the query makes of another; it is what its base is, only stricter. */
export function variant(name: string, variantOf: string): Row {
  return { ...row(name, S, []), variantOf };
}
