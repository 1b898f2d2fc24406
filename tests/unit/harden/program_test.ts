import assert from "node:assert/strict";
import { Refused } from "../../../lib/harden/part.ts";
import { requireTrustedProgram } from "../../../lib/harden/program.ts";
import { fakeFs } from "../config/fakes.ts";

const PROGRAM = ["/usr/local/bin/deno", "run", "--allow-ffi", "/opt/postern/main.ts"];

type Files = Parameters<typeof fakeFs>[0];

/** What is refused of a program with these files beside what it is made of. */
function problemsOf(more: Files, links: Readonly<Record<string, string>> = {}): string {
  const files = {
    "/usr/local/bin/deno": { text: "", mode: 0o755 },
    "/opt/postern/main.ts": "",
    "/opt/postern/deno.json": "",
    "/opt/postern/deno.lock": "",
    "/opt/postern/lib/cli/run.ts": "",
    "/opt/postern/policies/traefik.yaml": "",
    ...more,
  };
  try {
    requireTrustedProgram(PROGRAM, fakeFs(files, links));
    return "";
  } catch (error) {
    assert.ok(error instanceof Refused, String(error));
    return error.message;
  }
}

Deno.test("a program of root's, with all that it loads, may be a service", () => {
  assert.equal(problemsOf({}), "");
});

for (
  const [what, files, says] of [
    [
      "the runtime",
      { "/usr/local/bin/deno": { text: "", uid: 1000 } },
      /bin\/deno: .*belongs to uid/,
    ],
    ["main.ts", { "/opt/postern/main.ts": { text: "", uid: 1000 } }, /main\.ts: .*belongs to uid/],
    [
      "a module deep in lib",
      { "/opt/postern/lib/cli/run.ts": { text: "", uid: 65534 } },
      /lib\/cli\/run\.ts: .*belongs to uid 65534/,
    ],
    [
      "a module that the group can write",
      { "/opt/postern/lib/cli/run.ts": { text: "", mode: 0o664 } },
      /lib\/cli\/run\.ts: .*can be written by others/,
    ],
    [
      "the map of imports",
      { "/opt/postern/deno.json": { text: "", mode: 0o666 } },
      /deno\.json: .*can be written by others/,
    ],
    [
      "a preset",
      { "/opt/postern/policies/traefik.yaml": { text: "", uid: 1000 } },
      /policies\/traefik\.yaml: .*belongs/,
    ],
    ["a module that cannot be read", { "/opt/postern/deno.lock": { failure: "EIO" } }, /EIO/],
  ] as const
) {
  Deno.test(`${what}: a file that is not root's alone makes it no service`, () => {
    assert.match(problemsOf(files), says);
  });
}

Deno.test("a link among the modules is refused: what it leads to may change", () => {
  const said = problemsOf({ "/opt/postern/lib/cli/x.ts": "" }, {
    "/opt/postern/lib/cli/x.ts": "/home/alice/x.ts",
  });
  assert.match(said, /lib\/cli\/x\.ts: is a link, to \/home\/alice\/x\.ts/);
});
