import assert from "node:assert/strict";
import { formatMode, parseMode } from "../../../lib/config/mode.ts";

const accepted: Record<string, number> = {
  "0660": 0o660,
  "660": 0o660,
  "0o660": 0o660,
  "u=rw,g=rw": 0o660,
  "ug=rw": 0o660,
  "u=rw,go=": 0o600,
  "a=rw": 0o666,
  "u=rwx,g=rx,o=": 0o750,
  "0": 0,
  "0777": 0o777,
};

for (const [text, mode] of Object.entries(accepted)) {
  Deno.test(`mode ${text} means ${formatMode(mode)}`, () => {
    assert.deepEqual(parseMode(text), { mode });
  });
}

const refused: Record<string, RegExp> = {
  "0680": /octal, which has no digit 8/,
  "0690": /octal, which has no digit 9/,
  "1777": /at most 0777/,
  "4755": /at most 0777/,
  "0x1b0": /like 0660/,
  "": /like 0660/,
  "-0660": /like 0660/,
  "6e2": /like 0660/,
  "u+rw": /like 0660/,
  "rw-rw----": /like 0660/,
  "u=rw,": /like 0660/,
  "u=rw,u=r": /says u twice/,
  "u=rws": /like 0660/,
};

for (const [text, problem] of Object.entries(refused)) {
  Deno.test(`mode ${JSON.stringify(text)} is refused`, () => {
    const parsed = parseMode(text);
    assert.ok("problem" in parsed);
    assert.match(parsed.problem, problem);
  });
}
