import assert from "node:assert/strict";
import { diskOf } from "../../../lib/harden/disk.ts";
import { gatherFacts } from "../../../lib/harden/facts.ts";
import { type Facts, Refused } from "../../../lib/harden/part.ts";
import { withRoot } from "./throw_away.ts";

/** The facts of a tree with this configuration. */
function factsBelow(root: string): Facts {
  const facts = gatherFacts({
    root,
    disk: diskOf(root),
    configFile: undefined,
    program: ["/usr/local/bin/postern"],
    programFolders: [],
  });
  assert.ok(!("ok" in facts), JSON.stringify(facts));
  return facts;
}

const CONFIG = "/etc/postern/postern.yaml";
const raw =
  "  - { socket: /run/postern/pg.sock, protocol: raw, upstream: /run/pg/pg.sock, policy: full }\n";

Deno.test("the real socket is an engine's, not what a raw listener before it leads to", () =>
  withRoot({
    [CONFIG]: `listeners:\n${raw}  - { socket: /run/postern/ci.sock, policy: full }\n`,
    "/etc/passwd": "root:x:0:0::/:/bin/sh\n",
    "/run/pg/pg.sock": "",
  }, (root) => {
    assert.equal(factsBelow(root).upstream, "/run/docker.sock");
    return Promise.resolve();
  }));

Deno.test("where all listeners are raw there is nothing to harden", () =>
  withRoot({ [CONFIG]: `listeners:\n${raw}`, "/etc/passwd": "" }, (root) => {
    assert.throws(
      () => factsBelow(root),
      (error) => error instanceof Refused && /names no socket of an engine/.test(error.message),
    );
    return Promise.resolve();
  }));

const sticky =
  "upstream: /run/st/docker.sock\nlisteners: [{ socket: /run/postern/ci.sock, policy: full }]\n";

Deno.test("an upstream in a folder where everybody can put another is refused", () =>
  withRoot({ [CONFIG]: sticky, "/etc/passwd": "", "/run/st/docker.sock": "" }, async (root) => {
    await Deno.chmod(`${root}/run/st`, 0o777);
    assert.throws(
      () => factsBelow(root),
      (error) =>
        error instanceof Refused && /\/run\/st.*can be written by others/.test(error.message),
    );
    await Deno.chmod(`${root}/run/st`, 0o1777);
    assert.equal(factsBelow(root).upstream, "/run/st/docker.sock");
  }));

Deno.test({
  name: "an upstream that is somebody else's link is refused, wherever it leads (root)",
  ignore: Deno.uid() !== 0,
  fn: () =>
    withRoot({ [CONFIG]: sticky, "/etc/passwd": "", "/run/st/x": "" }, async (root) => {
      await Deno.chmod(`${root}/run/st`, 0o1777);
      await Deno.symlink("/etc/passwd", `${root}/run/st/docker.sock`);
      assert.equal(factsBelow(root).upstream, "/etc/passwd");
      const link = `${root}/run/st/docker.sock`;
      await new Deno.Command("chown", { args: ["-h", "65534", link] }).output();
      assert.throws(
        () => factsBelow(root),
        (error) => error instanceof Refused && /belongs to uid 65534/.test(error.message),
      );
    }),
});

Deno.test("a user whose name would be more than a word of a command is refused", () =>
  withRoot({
    [CONFIG]:
      "listeners: [{ socket: /run/postern/ci.sock, policy: full }]\nrun_as: { user: 1555 }\n",
    "/etc/group": "one:x:1555:\n",
  }, (root) => {
    Deno.chmodSync(root, 0o755);
    for (const name of ["x$(touch /tmp/y)", "-R", "a b", "a'b", "a\\b", "a%b"]) {
      Deno.writeTextFileSync(`${root}/etc/passwd`, `${name}:x:1555:1555::/:/bin/sh\n`);
      assert.throws(
        () => factsBelow(root),
        (error) => error instanceof Refused && /the gate's user is called/.test(error.message),
        name,
      );
    }
    for (const name of ["ci", "_apt", "jo.doe@example.org", "systemd-network"]) {
      Deno.writeTextFileSync(`${root}/etc/passwd`, `${name}:x:1555:1555::/:/bin/sh\n`);
      assert.equal(factsBelow(root).user, name);
    }
    return Promise.resolve();
  }));
