// What docs/moving.md shows must work.
import assert from "node:assert/strict";
import { load } from "../config/fakes.ts";
import { command, withFiles } from "../cli/fake_world.ts";

const top = new URL("../../../", import.meta.url);
const guide = Deno.readTextFileSync(new URL("docs/moving.md", top));
const blocks = [...guide.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text!);
/** What stands in the tables as code, without the escapes of Markdown. */
const inline = guide.split("\n").filter((line) => line.startsWith("|"))
  .flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, code]) => code!));

Deno.test("the configurations that docs/moving.md shows load, with the preset that they name", () => {
  const configs = blocks.filter((text) => /^(?:upstream|listeners):/.test(text));
  assert.equal(configs.length, 2);
  const preset = Deno.readTextFileSync(new URL("policies/traefik.yaml", top));
  for (const config of configs) {
    const result = load({ "postern.yaml": config, "policies/traefik.yaml": preset });
    assert.ok(result.ok, JSON.stringify(result));
    assert.ok(result.config.gate.policies["traefik"] !== undefined);
  }
});

Deno.test("the compose file that docs/moving.md starts from can be imported", async () => {
  const [before] = blocks.filter((text) => text.includes("tecnativa/docker-socket-proxy"));
  await withFiles({ "docker-compose.yml": before! }, async (directory) => {
    const { code, out } = await command(["import", "tecnativa", `${directory}/docker-compose.yml`]);
    assert.equal(code, 0);
    assert.match(out, /- networks: \[list, inspect\]/);
  });
});

Deno.test("the rules that docs/moving.md gives in place of others load", () => {
  const policies = inline.filter((code) => /^(?:allow|constraints): /.test(code));
  assert.ok(policies.length >= 5, `${policies.length}`);
  for (const code of policies) {
    const result = load({
      "postern.yaml": "listeners: [{ socket: /p.sock }]\npolicies: team.yaml\n",
      "team.yaml": `name: team\n${
        code.startsWith("constraints") ? "extends: full\n" : ""
      }${code}\n`,
    });
    assert.ok(result.ok, `${code}\n${JSON.stringify(result)}`);
  }
  const clients = inline.filter((code) => code.startsWith("clients: "));
  assert.ok(clients.length >= 2, `${clients.length}`);
  for (const code of clients) {
    const result = load({
      "postern.yaml":
        `listeners: [{ listen: tcp://127.0.0.1:2375 }]\npolicies: web.yaml\n${code}\n`,
      "web.yaml": "name: web\n",
    });
    assert.ok(result.ok, `${code}\n${JSON.stringify(result)}`);
  }
});
