import assert from "node:assert/strict";
import type { Limits } from "../../../../lib/policy/constraints/types.ts";
import { verdict } from "./trial.ts";

const rows: readonly (readonly [limits: Limits, body: object, verdict: string])[] = [
  [{}, { Cmd: ["sh"] }, "fine"],
  [{}, { Cmd: ["sh"], Privileged: false }, "fine"],
  [{}, { Cmd: ["sh"], Privileged: true }, "privileged"],
  [{ privileged: true }, { Cmd: ["sh"], Privileged: true }, "fine"],
  [{ user: "non-root" }, { Cmd: ["sh"] }, "user"],
  [{ user: "non-root" }, { Cmd: ["sh"], User: "0" }, "user"],
  [{ user: "non-root" }, { Cmd: ["sh"], User: "1000" }, "fine"],
  [{ user: ["", "app"] }, { Cmd: ["sh"] }, "fine"],
  [{ refused_env: ["LD_*"] }, { Cmd: ["sh"], Env: ["LD_PRELOAD=x"] }, "refused_env"],
  [{ commands: ["ls -l"] }, { Cmd: ["ls", "-l"] }, "fine"],
  [{ commands: ["ls -l"] }, { Cmd: ["ls"] }, "commands"],
  [{ commands: ["ls -l"] }, { Cmd: ["ls", "-l", "/"] }, "commands"],
  [{ commands: ["ls -l"] }, { Cmd: ["ls -l"] }, "commands"],
  [{ commands: ["ls *"] }, { Cmd: ["ls", "a b"] }, "fine"],
  [{ commands: ["ls *"] }, { Cmd: ["ls", "a", "b"] }, "commands"],
  [{ commands: ["ls *"] }, { Cmd: ["ls", "/etc"] }, "commands"],
  [{ commands: ["ls **"] }, { Cmd: ["ls"] }, "fine"],
  [{ commands: ["ls **"] }, { Cmd: ["ls", "-l", "/etc"] }, "fine"],
  [{ commands: ["ls **"] }, { Cmd: ["lsof", "-l"] }, "commands"],
  [{ commands: ["rake **"] }, { Cmd: ["sh", "-c", "rake x"] }, "commands"],
  [{ commands: ["ls"] }, { Cmd: ["ls"], Env: [] }, "fine"],
  [{ commands: ["ls"] }, { Cmd: ["ls"], Env: ["PATH=/tmp"] }, "commands"],
  [{ commands: ["ls"] }, { Cmd: ["ls"], Env: ["A=b"] }, "commands"],
  [{ commands: ["ls"], refused_env: ["PATH"] }, { Cmd: ["ls"], Env: ["A=b"] }, "fine"],
  [{ commands: ["ls"], refused_env: ["PATH"] }, { Cmd: ["ls"], Env: ["PATH=/tmp"] }, "refused_env"],
  [{ commands: "any" }, { Cmd: ["ls"], Env: ["PATH=/tmp"] }, "fine"],
  [{ commands: [] }, { Cmd: [] }, "commands"],
  [{ commands: "any" }, { Cmd: ["x"] }, "fine"],
];

for (const [limits, body, expected] of rows) {
  const said = expected === "fine" ? "take" : "deny";
  Deno.test(`the limits ${JSON.stringify(limits)} ${said} the exec ${JSON.stringify(body)}`, () => {
    assert.equal(verdict({ path: "/containers/web/exec", limits, body }), expected);
  });
}
