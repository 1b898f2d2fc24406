import assert from "node:assert/strict";
import { CommandError } from "../../../lib/docker_cli/request.ts";
import { wordsOf } from "../../../lib/docker_cli/words.ts";

for (
  const [line, words] of [
    ["docker ps  -a", ["docker", "ps", "-a"]],
    ["run 'a b' \"c d\"", ["run", "a b", "c d"]],
    [`a'b'"c"\\ d`, ["abc d"]],
    [`'' "\\"x\\n"`, ["", '"x\\n']],
    ["  ", []],
  ] as const
) {
  Deno.test(`${JSON.stringify(line)} is cut as a shell does`, () => {
    assert.deepEqual(wordsOf(line), words);
  });
}

for (const line of ["a 'b", 'a "b', "a\\"]) {
  Deno.test(`${JSON.stringify(line)} is not closed`, () => {
    assert.throws(() => wordsOf(line), CommandError);
  });
}
