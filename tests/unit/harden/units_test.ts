import assert from "node:assert/strict";
import { Refused } from "../../../lib/harden/part.ts";
import { systemd } from "../../../lib/harden/systemd.ts";
import { listedPath, unitPath, unitWord } from "../../../lib/harden/units.ts";
import { factsOf } from "./facts_of.ts";

Deno.test("specifiers, variables and quotes in a unit mean themselves", () => {
  assert.equal(unitWord("/srv/%h/$HOME"), "/srv/%%h/$$HOME");
  assert.equal(unitWord(String.raw`/a b/"c"\d`), String.raw`"/a b/\"c\"\\d"`);
  assert.equal(unitPath('/a b/"c"'), '/a b/"c"');
  assert.equal(unitPath("/srv/%h"), "/srv/%%h");
  assert.equal(listedPath("-/srv/a b/$X%h"), '"-/srv/a b/$X%%h"');
  assert.equal(listedPath("/var/log/postern"), "/var/log/postern");
});

Deno.test("a path with a line end would be another setting, and no unit is planned with it", () => {
  for (const name of [unitWord, unitPath, listedPath]) {
    for (const end of ["\n", "\r", "\0", "\x1b"]) {
      assert.throws(() => name(`/run/a${end}ExecStartPre=b`), Refused);
    }
  }
  const configFile = "/etc/a\nExecStartPre=b.yaml";
  const facts = factsOf({ programs: ["systemctl"], facts: { configFile } });
  assert.throws(
    () =>
      systemd.plan(facts).steps.forEach((step) => step.kind === "file" && step.content(undefined)),
    Refused,
  );
});

Deno.test("a path that would go on in the next line, or end before its end, is in no unit", () => {
  for (const path of ["/run/a\\", "/run/a ", "/run/a\t", "/run/a\u0085", "/run/a\u2028"]) {
    assert.throws(() => unitPath(path), Refused, JSON.stringify(path));
  }
  assert.equal(unitPath(String.raw`/run/a\b c`), String.raw`/run/a\b c`);
});
