import type { Target } from "../../http/target.ts";
import { type Denial, denied, refused } from "./finding.ts";
import type { Limits } from "./types.ts";
import { shown } from "./wording.ts";

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

  /** The finding against a parameter that is none of `what`, unless strangers are allowed. */
  strange(
    { unknown_fields }: Limits,
    known: ReadonlySet<string>,
    what: string,
  ): Denial | undefined {
    if (unknown_fields !== "deny") return undefined;
    const stranger = this.target.query.find(([key]) => !known.has(key));
    if (stranger === undefined) return undefined;
    const reason = `${shown(stranger[0])} is not a parameter of ${what}`;
    return denied("unknown_fields", reason, "unknown_fields: allow");
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
