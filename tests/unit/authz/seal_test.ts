import assert from "node:assert/strict";
import { isGlassBroken, Seal, unsealed } from "../../../lib/authz/seal.ts";
import { readPluginRequest } from "../../../lib/authz/protocol.ts";
import type { Judgement } from "../../../lib/relay/judge.ts";

const denied: Judgement = {
  status: 403,
  decision: { allow: false, policy: "deny", rule: "deny", reason: "no", hint: "extend it" },
  path: "/info",
};

Deno.test("a denial around the gate names each of its sockets, and keeps its hint where there is none", () => {
  const hint = (sockets: string[]) => {
    const { decision } = unsealed(denied, sockets);
    return decision.allow ? "" : `${decision.reason}; ${decision.hint}`;
  };
  assert.equal(
    hint(["/a.sock", "/b.sock"]),
    "it came around Postern: no; use DOCKER_HOST=unix:///a.sock or DOCKER_HOST=unix:///b.sock",
  );
  assert.equal(hint([]), "it came around Postern: no; extend it");
});

Deno.test("only the value of this very seal counts, in whatever case its name comes", () => {
  const [seal, other] = [new Seal(), new Seal()];
  const request = ({ line }: Seal, name = "X-Postern-Seal") =>
    readPluginRequest(JSON.stringify({
      RequestHeaders: { [name]: line.slice(line.indexOf(": ") + 2, -2) },
    }));
  assert.equal(seal.isOn(request(seal)), true);
  assert.equal(seal.isOn(request(seal, "x-POSTERN-seal")), true);
  assert.equal(seal.isOn(request(other)), false);
  assert.equal(seal.isOn(readPluginRequest("{}")), false);
});

Deno.test({
  name: "the glass is broken by a file of root's, under a name of its own, in a folder of root's",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const glass = `${folder}/glass`;
    const broken = () => isGlassBroken(glass);
    assert.equal(broken(), false);
    await Deno.writeTextFile(glass, "", { mode: 0o644 });
    assert.equal(broken(), true);
    await Deno.chmod(glass, 0o664);
    assert.equal(broken(), false, "its group may have written it");
    await Deno.chmod(glass, 0o644);
    await Deno.chown(glass, 1002, 0);
    assert.equal(broken(), false, "it is another's");
    await Deno.chown(glass, 0, 0);
    await Deno.link(glass, `${folder}/second`);
    assert.equal(broken(), false, "it may be any file of root's under another name");
    await Deno.remove(`${folder}/second`);
    await Deno.chmod(folder, 0o777);
    assert.equal(broken(), false, "everybody may have moved it there");
    await Deno.chmod(folder, 0o755);
    assert.equal(broken(), true);
    await Deno.rename(glass, `${folder}/real`);
    await Deno.symlink(`${folder}/real`, glass);
    assert.equal(broken(), false, "a link leads anywhere");
    await Deno.remove(folder, { recursive: true });
  },
});
