import assert from "node:assert/strict";
import { PrivilegeError, verify } from "../../../lib/cli/privileges.ts";
import type { ThreadStatus } from "../../../lib/linux/thread_status.ts";

const identity = { uid: 990, gid: 991, groups: [992, 993] };
const none = "0000000000000000";
const right: ThreadStatus = {
  tid: 7,
  uids: [990, 990, 990, 990],
  gids: [991, 991, 991, 991],
  groups: [992, 993],
  permitted: none,
  effective: none,
  ambient: none,
  noNewPrivileges: true,
};

Deno.test("threads that all hold one identity and nothing else are as they should be", () => {
  verify(identity, [right, { ...right, tid: 8 }]);
});

const wrong: Record<string, [Partial<ThreadStatus>, RegExp]> = {
  "could take root's id back": [{ uids: [990, 990, 0, 990] }, /has the user ids 990 990 0 990$/],
  "could take root's group back": [
    { gids: [991, 991, 0, 991] },
    /has the group ids 991 991 0 991$/,
  ],
  "is in a group more": [{ groups: [0, 992, 993] }, /has the groups 0 992 993 instead of 992 993$/],
  "is in a group less": [{ groups: [] }, /has the groups none instead of 992 993$/],
  "may have a capability": [{ permitted: "0000000000000001" }, /has the capabilities 0{15}1$/],
  "has a capability": [{ effective: "0000000000000001" }, /has the capabilities /],
  "would hand a capability on": [{ ambient: "0000000000000001" }, /has the capabilities /],
  "can gain privileges": [{ noNewPrivileges: false }, /can gain privileges$/],
};

for (const [name, [change, message]] of Object.entries(wrong)) {
  Deno.test(`one thread among others that ${name} is found`, () => {
    assert.throws(
      () => verify(identity, [right, { ...right, ...change, tid: 8 }]),
      (error) =>
        error instanceof PrivilegeError && /thread 8 should be 990:991, but /.test(error.message) &&
        message.test(error.message),
    );
  });
}
