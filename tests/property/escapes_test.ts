// The bodies of tests/e2e/escapes in other spellings that Go's decoder reads alike: none of them may pass. Their twins do,
// in every spelling that the API's own documents have.
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseTarget } from "../../lib/http/target.ts";
import { escapes } from "../e2e/escapes/all.ts";
import { fill } from "../e2e/escapes/send.ts";
import type { Call, Escape } from "../e2e/escapes/table.ts";
import { look, outcome, type World } from "../unit/policy/constraints/run.ts";

const names = ["name", "plain", "bindvolume", "bound", "own", "victim", "running", "dir"];
const words = new Map(names.flatMap((name) =>
  [
    [name, name === "dir" ? "/srv" : name],
    ...["id", "12", "6"].map((part) => [`${name}_${part}`, `${name}${part}`] as const),
  ] as [string, string][]
));

const bind = { type: "none", o: "bind", device: "/etc" };
const container = (name: string, Mounts: unknown[] = []) => ({
  Id: "a".repeat(64),
  Name: `/${name}`,
  Config: { Labels: {} },
  HostConfig: {},
  Mounts,
});
const bound = container("bound", [{ Type: "bind", Source: "/etc", Destination: "/e", RW: false }]);
const world: World = {
  "volume plain": { Name: "plain", Driver: "local", Options: null },
  "volume bindvolume": { Name: "bindvolume", Driver: "local", Options: bind },
  "container own": container("own"),
  ...Object.fromEntries(
    ["bound", "boundid", "bound12"].map((name) => [`container ${name}`, bound]),
  ),
  ...Object.fromEntries(
    ["victim", "victimid", "victim12"].map((name) => [`container ${name}`, container("victim")]),
  ),
};

interface Row {
  readonly name: string;
  readonly path: string;
  readonly value: unknown;
}

/** A call as the value of its body, where it is judged by that alone and is JSON that everybody reads alike. */
function asValue({ name }: Escape, call: Call): Row[] {
  const { path, body, headers } = call;
  if (typeof body !== "string" || headers !== undefined) return [];
  // Longer bodies are about their length, and those with a name twice have no single value.
  if (body.length > 4096 || path.includes("%2F") || !parseTarget(fill(path, words)).ok) return [];
  try {
    const value = JSON.parse(fill(body, words));
    const same = JSON.stringify(value) === fill(body, words).replace(/\s/g, "");
    return same ? [{ name, path: fill(path, words), value }] : [];
  } catch {
    return [];
  }
}

const rows = Object.values(escapes).flat().filter(({ policy }) => policy === "safe");
const bad = rows.flatMap((row) => asValue(row, row.attempt));
const good = rows.flatMap((row) => asValue(row, row.twin));

type Draw = <T>(...from: [T, ...T[]]) => T;

/** A text of JSON: blanks, escapes and the order of fields are drawn; the letters of fields as well where they are `folded`. */
function write(value: unknown, draw: Draw, folded: boolean): string {
  const blank = () => draw("", "", "", " ", "\n", "\t\r\n ");
  if (typeof value === "string") return quoted(value, draw);
  if (Array.isArray(value)) {
    const items = value.map((item) => blank() + write(item, draw, folded) + blank());
    return `[${items.join(",") || blank()}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, item]) => {
    // Fields of the API begin with a capital; other names are data.
    const key = folded && /^[A-Z]/.test(name) ? fold(name, draw) : name;
    const text = blank() + quoted(key, draw) + blank() + ":" + blank() + write(item, draw, folded);
    return { text: text + blank(), place: draw(0, 1, 2, 3, 4, 5, 6, 7) };
  });
  const drawn = members.toSorted((a, b) => a.place - b.place).map(({ text }) => text);
  return `{${drawn.join(",") || blank()}}`;
}

const quoted = (text: string, draw: Draw) =>
  `"${
    text.replace(/[^]/g, (c) => {
      const unit = c.charCodeAt(0).toString(16).padStart(4, "0");
      const plain = JSON.stringify(c).slice(1, -1);
      return draw(plain, plain, plain, `\\u${unit}`, `\\u${unit.toUpperCase()}`);
    })
  }"`;

/** Letters that unicode.SimpleFold takes for each other. */
const fold = (name: string, draw: Draw) =>
  name.replace(/[a-z]/gi, (c) => {
    const other = c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase();
    const odd = /s/i.test(c) ? "\u017f" : /k/i.test(c) ? "\u212a" : other;
    return draw(c, c, c, c, c, c, other, odd);
  });

/** Looks at rows in drawn spellings. */
function spelt(among: readonly Row[], folded: boolean, check: (row: Row, text: string) => void) {
  fc.assert(
    fc.property(fc.constantFrom(...among), fc.gen(), (row, g) => {
      const draw: Draw = (...from) => from[g(fc.nat, from.length - 1)]!;
      check(row, write(row.value, draw, folded));
    }),
    { numRuns: 10_000 },
  );
}

const judged = ({ path }: Row, body: string) => outcome(look({ path, body }, {}, world));

Deno.test("what is denied is denied in every spelling that Go reads alike", () => {
  assert.ok(bad.length > 150, String(bad.length));
  spelt(bad, true, (row, text) => {
    assert.match(judged(row, text), /^40[03] /, `${row.name}: ${text}`);
  });
});

Deno.test("what is harmless passes in every order, with every blank and escape", () => {
  assert.ok(good.length > 150, String(good.length));
  spelt(good, false, (row, text) => {
    assert.equal(judged(row, text), "ok", `${row.name}: ${text}`);
  });
});
