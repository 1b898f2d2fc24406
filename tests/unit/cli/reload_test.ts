// A running gate whose files change: what counts from when on, and what the log says.
import assert from "node:assert/strict";
import { RunningGate } from "../../support/gate.ts";
import { get, post, Wire } from "../../support/wire.ts";

const BASE = { upstream: "/nonexistent", listeners: [{ socket: "DIR/a.sock", policy: "team" }] };
const START = "/containers/x/start";
const startable = "name: team\nallow: [containers.start]\n";
const closed = "name: team\nallow: [system.info]\n";

function serve(more: Record<string, unknown> = {}, files: Record<string, string> = {}) {
  return RunningGate.serve({ ...BASE, policies: "policies", ...more }, {
    "policies/team.yaml": closed,
    ...files,
  });
}

/** The status that a request gets: 403, or 502 when it is let through to the engine that is not there. */
async function status(gate: RunningGate, request = post(START, "")): Promise<number> {
  using wire = await Wire.to(`${gate.directory}/a.sock`);
  await wire.send(request);
  return Number((await wire.until("\r\n\r\n")).slice(9, 12));
}

function put(gate: RunningGate, name: string, text: string): void {
  Deno.writeTextFileSync(`${gate.directory}/${name}`, text, { mode: 0o600 });
}

/** As editors and packagers do. */
function replace(gate: RunningGate, name: string, text: string): void {
  put(gate, `${name}~new`, text);
  Deno.renameSync(`${gate.directory}/${name}~new`, `${gate.directory}/${name}`);
}

const said = (gate: RunningGate, text: RegExp) => gate.stderr.match(text)?.length ?? 0;
const settle = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

for (
  const [how, change] of [
    ["is written", put],
    ["is replaced by another", replace],
  ] as const
) {
  Deno.test(`a policy file that ${how} counts without a signal`, async () => {
    await using gate = await serve();
    assert.equal(await status(gate), 403);
    change(gate, "policies/team.yaml", startable);
    await gate.says(/postern: configuration taken up: policy team changed\n/);
    assert.equal(await status(gate), 502);
    change(gate, "policies/team.yaml", closed);
    await gate.says(/(policy team changed\n[^]*){2}/);
    assert.equal(await status(gate), 403);
  });
}

Deno.test("the config file counts, and policies that come and go", async () => {
  await using gate = await serve();
  put(gate, "policies/b.yaml", "name: b\nallow: [containers.start]\n");
  await gate.says(/taken up: policy b added\n/);
  const config = `${gate.directory}/postern.yaml`;
  const text = Deno.readTextFileSync(config);
  replace(gate, "postern.yaml", text.replace("policy: team", "policy: b"));
  await gate.says(/taken up: listener a has policy b \(had policy team\)\n/);
  assert.equal(await status(gate), 502);
  replace(gate, "postern.yaml", `${text}clients: [{ uid: ${Deno.uid()}, policy: deny }]\n`);
  await gate.says(
    /taken up: 1 client rules instead of 0; listener a has policy team \(had policy b\)/,
  );
  assert.equal(await status(gate, get("/info")), 403);
});

Deno.test("a kept-alive connection gets the new policy at its next request", async () => {
  await using gate = await serve({ workers: 2 });
  const wires = await Promise.all(
    Array.from({ length: 8 }, () => Wire.to(`${gate.directory}/a.sock`)),
  );
  for (const wire of wires) {
    await wire.send(post(START, ""));
    assert.match(await wire.message(), /containers\.start denied .* policy team: /);
  }
  put(gate, "policies/team.yaml", startable);
  await gate.says(/policy team changed\n/);
  for (const wire of wires) {
    await wire.send(post(START, ""));
    assert.match(await wire.message(), /^HTTP\/1\.1 502 /);
    wire.close();
  }
});

Deno.test("with a mistake everything stays as it was, and the log says where it is, once", async () => {
  await using gate = await serve({}, { "policies/team.yaml": startable });
  put(gate, "policies/team.yaml", "name: team\nallow: [containers.strat]\n");
  await gate.says(/error: the configuration stays as it was, the new one is not valid:\n/);
  await gate.says(/policies\/team\.yaml:2:9: there is no operation containers\.strat\n/);
  assert.equal(await status(gate), 502);
  put(gate, "policies/README", "nothing to do with it");
  await settle(800);
  assert.equal(said(gate, /is not valid/g), 1);
  Deno.kill(gate.pid, "SIGHUP");
  await gate.says(/(is not valid[^]*){2}/);
  put(gate, "policies/team.yaml", startable);
  await gate.says(/configuration read: nothing has changed\n/);
  assert.equal(await status(gate), 502);
});

Deno.test("a file that others may write is not taken up", async () => {
  await using gate = await serve();
  put(gate, "policies/team.yaml", startable);
  Deno.chmodSync(`${gate.directory}/policies/team.yaml`, 0o666);
  await gate.says(/this file is not trusted: .*mode 0666/);
  assert.equal(await status(gate), 403);
  Deno.chmodSync(`${gate.directory}/policies/team.yaml`, 0o600);
  await gate.says(/policy team changed\n/);
  assert.equal(await status(gate), 502);
});

Deno.test("a policy file that cannot be read leaves the old one in force, until it can", async () => {
  await using gate = await serve({}, { "policies/team.yaml": startable });
  const file = `${gate.directory}/policies/team.yaml`;
  await Deno.remove(file);
  await Deno.symlink(`${gate.directory}/nowhere`, file);
  await gate.says(/error: the configuration stays as it was, [^]*policies\/team\.yaml: .*ENOENT/);
  assert.equal(await status(gate), 502);
  await Deno.remove(file);
  put(gate, "policies/team.yaml", "name: team\n");
  await gate.says(/policy team changed\n/);
  assert.equal(await status(gate), 403);
});

Deno.test("ten quick changes settle on the last", async () => {
  await using gate = await serve();
  for (let n = 1; n <= 10; n++) {
    replace(gate, "policies/team.yaml", n % 2 === 0 ? startable : closed);
    await settle(20);
  }
  await gate.says(/policy team changed\n/);
  assert.equal(await status(gate), 502);
  await settle(500);
  assert.ok(said(gate, /taken up/g) <= 3, gate.stderr);
});

Deno.test("a link to a folder that is replaced by another counts, as a ConfigMap does it", async () => {
  const mapped = { policies: "map" };
  const files = { "map/..1/team.yaml": closed, "map/..2/team.yaml": startable };
  await using gate = await RunningGate.serve({ ...BASE, listeners: [{ socket: "DIR/a.sock" }] });
  const at = (name: string) => `${gate.directory}/${name}`;
  for (const [name, text] of Object.entries(files)) {
    Deno.mkdirSync(at(name).replace(/\/[^/]*$/, ""), { recursive: true });
    put(gate, name, text);
  }
  Deno.symlinkSync("..1", at("map/..data"));
  Deno.symlinkSync("..data/team.yaml", at("map/team.yaml"));
  const config = Deno.readTextFileSync(at("postern.yaml"));
  put(gate, "postern.yaml", `${config}policies: ${mapped.policies}\ndefault: team\n`);
  await gate.says(/taken up: policy team added; default is team \(was deny\)\n/);
  assert.equal(await status(gate), 403);
  await settle(500);
  Deno.symlinkSync("..2", at("map/..data_tmp"));
  Deno.renameSync(at("map/..data_tmp"), at("map/..data"));
  await gate.says(/taken up: policy team changed\n/);
  assert.equal(await status(gate), 502);
});

Deno.test("a folder of policies that another takes the place of counts", async () => {
  await using gate = await serve();
  const at = (name: string) => `${gate.directory}/${name}`;
  await settle(600);
  for (const text of [startable, closed]) {
    Deno.mkdirSync(at("next"));
    put(gate, "next/team.yaml", text);
    Deno.renameSync(at("policies"), at("old"));
    Deno.renameSync(at("next"), at("policies"));
    Deno.removeSync(at("old"), { recursive: true });
    await gate.says(text === startable ? /team changed\n/ : /(team changed\n[^]*){2}/);
    await settle(600);
  }
  assert.equal(await status(gate), 403);
});

Deno.test("with watch: false nothing counts before SIGHUP", async () => {
  await using gate = await serve({ reload: { watch: false } });
  put(gate, "policies/team.yaml", startable);
  await settle(800);
  assert.equal(await status(gate), 403);
  Deno.kill(gate.pid, "SIGHUP");
  await gate.says(/policy team changed\n/);
  assert.equal(await status(gate), 502);
  Deno.kill(gate.pid, "SIGHUP");
  await gate.says(/configuration read: nothing has changed\n/);
});

Deno.test("listeners are opened, opened anew and closed, and what needs a restart is named", async () => {
  await using gate = await serve();
  const config = `${gate.directory}/postern.yaml`;
  const text = Deno.readTextFileSync(config);
  const more = `  - socket: ${gate.directory}/b.sock\n    policy: team\n    mode: 0660\n`;
  replace(gate, "postern.yaml", text.replace(/^policies:/m, `${more}policies:`));
  await gate.says(/taken up: listener b has policy team \(had no policy\); listener b opened\n/);
  assert.equal(Deno.statSync(`${gate.directory}/b.sock`).mode! & 0o777, 0o660);
  (await Wire.to(`${gate.directory}/b.sock`)).close();
  replace(
    gate,
    "postern.yaml",
    text.replace("policy: team", "policy: team\n    mode: 0666") +
      "workers: 3\nlog: { level: debug }\n",
  );
  await gate.says(/taken up: .*; listener a opened anew; listener b closed\n/);
  await gate.says(/warning: not taken up until a restart: workers, log\n/);
  assert.equal(Deno.statSync(`${gate.directory}/a.sock`).mode! & 0o777, 0o666);
  await assert.rejects(Wire.to(`${gate.directory}/b.sock`), Deno.errors.NotFound);
  assert.equal(await status(gate), 403);
  await gate.stop();
  await assert.rejects(Deno.lstat(`${gate.directory}/a.sock`), Deno.errors.NotFound);
});

for (const revoke of ["close", "keep"] as const) {
  Deno.test(`what runs and is not allowed any more: revoke ${revoke}`, async () => {
    const directory = await Deno.makeTempDir({ dir: "/tmp" });
    using engine = Deno.listen({ transport: "unix", path: `${directory}/up.sock` });
    const events = "name: team\nallow: [system.events]\n";
    await using gate = await serve(
      { upstream: `${directory}/up.sock`, reload: { revoke } },
      { "policies/team.yaml": events },
    );
    using client = await Wire.to(`${gate.directory}/a.sock`);
    await client.send(get("/events"));
    using upstream = new Wire(await engine.accept());
    await upstream.until("\r\n\r\n");
    const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    await upstream.send(head);
    await client.exactly(head.length);
    put(gate, "policies/team.yaml", closed);
    await gate.says(/policy team changed/);
    if (revoke === "keep") {
      await upstream.send("5\r\nhello\r\n");
      assert.equal(await client.exactly(10), "5\r\nhello\r\n");
    } else {
      assert.equal(await client.rest(), "");
      await gate.says(/policy team changed; 1 running request ended: it is not allowed any more\n/);
      const lines = await gate.audit((lines) => lines.length >= 2);
      assert.equal(lines[1]!.reason, "revoked: policy team no longer allows system.events");
    }
    await Deno.remove(directory, { recursive: true });
  });
}
