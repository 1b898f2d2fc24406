import assert from "node:assert/strict";
import { judge, median, quantile, spread } from "../../bench/statistics.ts";

Deno.test("the median is the middle value, or the mean of the two middle ones, in any order", () => {
  assert.equal(median([30, 10, 20]), 20);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
});

Deno.test("nothing has no median, quantile or spread", () => {
  assert.ok(Number.isNaN(median([])));
  assert.ok(Number.isNaN(quantile([], 0.5)));
  assert.ok(Number.isNaN(spread([])));
});

Deno.test("a quantile between two values lies between them in proportion", () => {
  assert.equal(quantile([0, 10], 0.25), 2.5);
  assert.equal(quantile([5, 1, 3], 0), 1);
  assert.equal(quantile([5, 1, 3], 1), 5);
});

Deno.test("the spread is the middle half as a part of the median, and one outlier does not change it", () => {
  assert.equal(spread([90, 95, 100, 105, 110]), 0.1);
  assert.equal(spread([90, 95, 100, 105, 900]), 0.1);
  assert.equal(spread([100]), 0);
});

Deno.test("a goal is reached when the middle half of the rounds is on its good side", () => {
  assert.equal(judge([1.0, 1.2, 1.3, 1.4, 1.5], 1.2, "least"), "reached");
  assert.equal(judge([0.5, 0.6, 0.7, 0.8, 2], 0.8, "most"), "reached");
});

Deno.test("a goal is missed when the middle half of the rounds is on its bad side", () => {
  assert.equal(judge([0.9, 1.0, 1.1, 1.15, 2], 1.2, "least"), "missed");
  assert.equal(judge([0.1, 0.9, 1, 1.1, 1.2], 0.8, "most"), "missed");
});

Deno.test("whether a goal is reached cannot be told when the middle half of the rounds is on both sides", () => {
  assert.equal(judge([1.0, 1.1, 1.2, 1.3, 1.4], 1.2, "least"), "noisy");
  assert.equal(judge([0.6, 0.7, 0.8, 0.9, 1], 0.8, "most"), "noisy");
});
