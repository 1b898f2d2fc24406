import type { Target } from "../../http/target.ts";
import { type Denial, refused } from "./finding.ts";

/**
 * The parameters of a query that decide, each with one reading: Go's url.Values takes the first of several and tells `Remote` from
 * `remote`, Podman's decoder folds case. Throws an Ambiguous for what they would read differently.
 */
export class Parameters {
  constructor(readonly target: Target) {}

  /** The value of a parameter that may be there once, "" when it is absent. */
  one(key: string): string {
    const values = this.all(key);
    if (values.length > 1) throw new Ambiguous(`the parameter ${key} is there twice`);
    return values[0] ?? "";
  }

  /** All values of a parameter that may be repeated. */
  all(key: string): readonly string[] {
    const values: string[] = [];
    for (const [name, value] of this.target.query) {
      if (name === key) values.push(value);
      else if (fold(name) === fold(key)) {
        throw new Ambiguous(`the parameter ${key} is there in other letters than the API's`);
      }
    }
    return values;
  }
}

/** A request with more than one reading. */
export class Ambiguous extends Error {
  get denial(): Denial {
    return refused(400, this.message);
  }
}

/** As Go's strings.EqualFold does, and a little more: U+017F is an s there, U+212A a k. */
function fold(text: string): string {
  return text.toUpperCase().toLowerCase();
}
