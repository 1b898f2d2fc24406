// Who is there already by the names that harden gives to the gate: a person by such a name would become root.
import assert from "node:assert/strict";
import type { Manifest } from "../../../lib/harden/manifest.ts";
import { requireOwnAccounts } from "../../../lib/harden/own_accounts.ts";
import { Refused } from "../../../lib/harden/part.ts";
import { namesOf } from "../../../lib/harden/root_names.ts";
import { factsOf, plain } from "./facts_of.ts";

interface Given {
  readonly passwd?: string;
  readonly group?: string;
  readonly config?: string;
  readonly user?: string;
  readonly manifest?: Manifest;
  /** Users and groups that only the name service knows. */
  readonly elsewhere?: Readonly<Record<string, number>>;
}

function check({ passwd = "", group = "", config = plain, elsewhere = {}, ...given }: Given): void {
  const files = {
    "/etc/passwd": `root:x:0:0::/root:/bin/bash\n${passwd}\n`,
    "/etc/group": `root:x:0:\n${group}\n`,
  };
  const { user = "postern", manifest } = given;
  const facts = factsOf({ config, files, facts: { user, group: "postern-engine" } });
  const names = namesOf((path) => files[path as keyof typeof files]);
  const uidOf = (name: string) => elsewhere[name] ?? names.uidOf(name);
  const gidOf = (name: string) => elsewhere[name] ?? names.gidOf(name);
  requireOwnAccounts(facts, { uidOf, gidOf }, manifest);
}

const service = "postern:x:997:997::/nonexistent:/usr/sbin/nologin";
const groups = "postern:x:997:\npostern-engine:x:998:postern";

Deno.test("where nobody has these names, or an apply has made them, nothing is refused", () => {
  check({});
  check({ passwd: service, group: groups });
});

for (
  const [what, given, message] of [
    [
      "a person",
      { passwd: "postern:x:1505:997::/home/p:/usr/sbin/nologin", group: groups },
      /1505/,
    ],
    ["one who logs in", { passwd: "postern:x:997:997::/:/bin/bash", group: groups }, /\/bin\/bash/],
    ["one with the usual shell", { passwd: "postern:x:997:997::/:", group: groups }, /usual shell/],
    ["root by another name", { passwd: "postern:x:0:0::/:/bin/false", group: groups }, /uid 0/],
    ["one of the directory's", { elsewhere: { postern: 500 } }, /elsewhere than \/etc\/passwd/],
    ["one whom the directory knows by another number", {
      passwd: service,
      group: groups,
      elsewhere: { postern: 500 },
    }, /elsewhere/],
    ["one who is alice as well", {
      passwd: `${service}\nalice:x:997:100::/home/alice:/bin/bash`,
      group: groups,
    }, /same uid as alice/],
    ["a group with alice in it", {
      passwd: service,
      group: "postern:x:997:\npostern-engine:x:998:postern,alice",
    }, /^alice would come to the real socket/],
    ["a group that is bob's first one", {
      passwd: "bob:x:1002:998::/home/bob:/bin/bash",
      group: "postern-engine:x:998:",
    }, /^bob would come/],
    ["a group by two names", {
      group: "postern-engine:x:998:\ndocker:x:998:alice",
    }, /same number, 998/],
    ["a group of the directory's", { elsewhere: { "postern-engine": 5000 } }, /cannot be told/],
    ["alice in the group of the gate's user", {
      passwd: service,
      group: "postern:x:997:alice\npostern-engine:x:998:postern",
    }, /by the group postern,/],
  ] as const
) {
  Deno.test(`nothing is given to ${what}`, () => {
    assert.throws(
      () => check(given),
      (error) => error instanceof Refused && message.test(error.message),
    );
  });
}

Deno.test("whom the configuration names may be a person, but is alone in the engine's group", () => {
  const config = `${plain}run_as: { user: ops }\n`;
  const passwd = "ops:x:1001:1001::/home/ops:/bin/bash";
  check({ config, user: "ops", passwd, group: "ops:x:1001:carol\npostern-engine:x:998:ops" });
  assert.throws(
    () => check({ config, user: "ops", passwd, group: "postern-engine:x:998:ops,carol" }),
    /^Refused: carol would come/,
  );
});

Deno.test("whom an earlier apply has put into the group is no stranger: this one takes him out", () => {
  const config = `${plain}run_as: { user: ops }\n`;
  const command = { kind: "command", part: "sockets", ran: true, files: {}, beside: {} } as const;
  const manifest: Manifest = {
    version: 2,
    made: [],
    dirty: [],
    entries: [
      { ...command, command: ["usermod", "--append", "--groups", "postern-engine", "ci"] },
    ],
  };
  const group = "postern-engine:x:998:ci";
  check({ config, user: "ops", group, manifest });
  assert.throws(() => check({ config, user: "ops", group }), /^Refused: ci would come/);
});
