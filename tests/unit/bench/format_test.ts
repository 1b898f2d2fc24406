import assert from "node:assert/strict";
import { figure, table } from "../../bench/format.ts";

Deno.test("figures have three digits, whole ones from a hundred on and with commas", () => {
  const shown = [0.001234, 0.5, 1.296, 12.34, 99.96, 123.4, 45_678.9].map(figure);
  assert.deepEqual(shown, ["0.00123", "0.5", "1.3", "12.3", "100", "123", "45,679"]);
});

Deno.test("what is not a number is shown as nothing", () => {
  assert.equal(figure(NaN), "");
  assert.equal(figure(Infinity), "");
});

Deno.test("columns without any content are left out of a table", () => {
  assert.equal(
    table(["", "a", "b"], [["x", "", "1"], ["y", "", ""]]),
    ["|  | b |", "| --- | --: |", "| x | 1 |", "| y |  |"].join("\n"),
  );
});

Deno.test("cells stay in their table, whatever a program wrote", () => {
  assert.equal(
    table(["", "why"], [["x", "no\nsuch | file"]]).split("\n")[2],
    "| x | no such \\| file |",
  );
});
