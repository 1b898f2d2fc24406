import assert from "node:assert/strict";
import fc from "fast-check";
import { unifiedDiff } from "../../../lib/harden/diff.ts";
import { which } from "../../support/private_engine.ts";

Deno.test("a new file, a change far from the ends, and no change", () => {
  assert.equal(unifiedDiff("/a", undefined, "x\n"), "--- /dev/null\n+++ /a\n@@ -0,0 +1 @@\n+x\n");
  const lines = Array.from({ length: 20 }, (_, n) => `${n}\n`);
  const after = lines.with(10, "ten\n").join("");
  assert.equal(
    unifiedDiff("/a", lines.join(""), after),
    "--- /a\n+++ /a\n@@ -8,7 +8,7 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n",
  );
  assert.equal(unifiedDiff("/a", "x", "x"), "");
});

Deno.test({
  name: "patch(1) makes the second text of the first by the difference",
  ignore: which("patch") === undefined,
  fn() {
    const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 })
      .chain((lines) =>
        fc.constantFrom("", "\n").map((end) => lines.join("\n") + (lines.length > 0 ? end : ""))
      );
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after && before !== "" && after !== "");
        const folder = Deno.makeTempDirSync({ prefix: "harden-diff-" });
        try {
          Deno.writeTextFileSync(`${folder}/a`, before);
          Deno.writeTextFileSync(`${folder}/d`, unifiedDiff("a", before, after));
          const ran = new Deno.Command(which("patch")!, {
            args: ["-s", "-p0", "-i", "d", "a"],
            cwd: folder,
          }).outputSync();
          assert.equal(ran.code, 0, new TextDecoder().decode(ran.stdout));
          assert.equal(Deno.readTextFileSync(`${folder}/a`), after);
        } finally {
          Deno.removeSync(folder, { recursive: true });
        }
      }),
      { numRuns: 60 },
    );
  },
});
