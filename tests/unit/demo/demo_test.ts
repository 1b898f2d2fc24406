import assert from "node:assert/strict";
import manifest from "../../../deno.json" with { type: "json" };
import { renderTable } from "../../../lib/demo/table.ts";
import { startEngine } from "../../../lib/demo/engine.ts";
import { get, post, Wire } from "../../support/wire.ts";
import { command } from "../cli/fake_world.ts";

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** The task's own permissions. */
const flags = manifest.tasks.demo.split(" ").slice(1, -2);
const noDocker = { DOCKER_HOST: "unix:///nonexistent/docker.sock" };

/** `who decision what` of the demo's table. */
function decisions(out: string): string[] {
  return [...out.matchAll(/^(uid .+?) {2,}(\S.*?) {2,}(allowed|denied) {2}/gm)]
    .map(([, who, what, decision]) => `${who}: ${what} ${decision}`);
}

Deno.test("the demo shows who was allowed what, on the engine that is built in", async () => {
  const { code, out, err } = await command(["demo"], noDocker);
  assert.deepEqual([code, err], [0, ""]);
  assert.match(
    out,
    /a small engine that is built in \(connect \/nonexistent\/docker\.sock: ENOENT/,
  );
  const root = Deno.uid() === 0;
  const [reader, owner] = root
    ? ["uid 61001 on ci", "uid 0 on ops"]
    : [`uid ${Deno.uid()} on ci`, `uid ${Deno.uid()} on ops`];
  assert.deepEqual(decisions(out), [
    `${reader}: system.version allowed`,
    `${reader}: containers.list allowed`,
    `${reader}: containers.archive-read denied`,
    `${reader}: containers.create allowed`,
    `${reader}: containers.create denied`,
    `${reader}: containers.create denied`,
    `${reader}: containers.stop denied`,
    `${reader}: GET /containers/x/../../containers/json denied`,
    ...(root
      ? ["uid 61002 on ci: system.info denied", "uid 61001 on ops: system.info denied"]
      : []),
    `${owner}: system.info allowed`,
    `${owner}: images.list allowed`,
    `${owner}: containers.start allowed`,
  ]);
  assert.match(out.replace(/\s+/g, " "), /team: host_mounts: \/etc .* team: privileged: /);
  assert.match(out, /postern: containers\.create denied for uid \d+.*\(request [0-9a-f]+\)/);
  assert.match(out.replace(/\s+/g, " "), /the engine answered 404 No such container/);
  const directory = /\S*postern-demo-[^/\s]+/.exec(out)![0];
  await assert.rejects(Deno.stat(directory), Deno.errors.NotFound);
});

Deno.test("a demo that cannot begin says why and answers 3", async () => {
  const before = Deno.env.get("TMPDIR");
  Deno.env.set("TMPDIR", "/nonexistent");
  try {
    const { code, out, err } = await command(["demo"], noDocker);
    assert.deepEqual([code, out], [3, ""]);
    assert.match(err, /^postern demo: cannot make a directory in .*ENOENT[^0-9]*\n$/);
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
  }
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  for (const when of ["before it has begun", "in the middle of it", "with --keep"]) {
    Deno.test(`${signal} to the demo ${when} leaves nothing behind`, async () => {
      const folder = await Deno.makeTempDir({ dir: "/tmp" });
      await Deno.chmod(folder, 0o755);
      const child = new Deno.Command(Deno.execPath(), {
        args: [...flags, "main.ts", "demo", "--keep"],
        cwd: new URL("../../../", import.meta.url),
        env: { ...noDocker, TMPDIR: folder },
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const errors = new Response(child.stderr).text();
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      if (when === "before it has begun") {
        while ([...Deno.readDirSync(folder)].length === 0) await delay(2);
      } else {
        const last = when === "with --keep" ? "Then write a postern.yaml" : "Rules: ";
        for (let said = ""; !said.includes(last);) said += (await reader.read()).value ?? "";
      }
      child.kill(signal);
      while (!(await reader.read()).done);
      assert.deepEqual([(await child.status).code, await errors], [0, ""]);
      assert.deepEqual([...Deno.readDirSync(folder)], []);
      await Deno.remove(folder);
    });
  }
}

Deno.test("no line of the demo's table is longer than the terminal, and none ends in a blank", () => {
  const rows = [
    { who: "uid 1", what: "a.b", allowed: true, why: "one two three ".repeat(20).trim() },
    { who: "uid 22", what: "c.d-e", allowed: false, why: "short" },
  ];
  const lines = renderTable(rows, 80, false).split("\n");
  assert.ok(lines.length > 5);
  for (const line of lines) {
    assert.ok(line.length <= 80, line);
    assert.equal(line, line.trimEnd());
  }
  // deno-lint-ignore no-control-regex
  assert.match(renderTable(rows, 80, true), /\x1b\[32mallowed/);
});

Deno.test("the built-in engine creates, attaches, starts, waits, logs and removes", async () => {
  const directory = await Deno.makeTempDir();
  const engine = await startEngine(`${directory}/e.sock`);
  try {
    using wire = await Wire.to(`${directory}/e.sock`);
    const body = '{"Image":"busybox:1.37","Cmd":["cat"],"Tty":true}';
    await wire.send(post("/v1.41/containers/create?name=c", body));
    assert.match(await wire.until("}\n"), /^HTTP\/1\.1 201 .*"Id":"[0-9a-f]{64}"/s);
    using attached = await Wire.to(`${directory}/e.sock`);
    await attached.send(
      "POST /v1.41/containers/c/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\n" +
        "Upgrade: tcp\r\nConnection: Upgrade\r\n\r\n",
    );
    assert.match(await attached.until("\r\n\r\n"), /^HTTP\/1\.1 101 /);
    await wire.send(post("/v1.41/containers/c/start", ""));
    assert.match(await wire.until("\r\n\r\n"), /^HTTP\/1\.1 204 /);
    await attached.send("echo");
    assert.equal(await attached.exactly(4), "echo");
    await attached.closeWrite();
    assert.equal(await attached.rest(), "");
    await wire.send(post("/v1.41/containers/c/wait", "", "Connection: close\r\n"));
    assert.match(await wire.rest(), /"StatusCode":0/);
    using last = await Wire.to(`${directory}/e.sock`);
    await last.send("DELETE /v1.41/containers/c HTTP/1.1\r\nHost: d\r\n\r\n");
    assert.match(await last.until("\r\n\r\n"), /^HTTP\/1\.1 204 /);
    await last.send(get("/v1.41/containers/c/json", "Connection: close\r\n"));
    assert.match(await last.rest(), /^HTTP\/1\.1 404 .*No such container: c/s);
    assert.equal(engine.requests.length, 6);
  } finally {
    await engine.close();
    await Deno.remove(directory, { recursive: true });
  }
});
