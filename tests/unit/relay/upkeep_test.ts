// What becomes of sockets that somebody changes or removes while the gate stands, and of those that are made anew in time.
import assert from "node:assert/strict";
import { deny, full } from "../../../lib/policy/builtin.ts";
import { get, ok, post, Wire } from "../../support/wire.ts";
import { Bench } from "./harness.ts";

const asRoot = { ignore: Deno.uid() !== 0 };

async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (what()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Waited 10 s until ${what}`);
}

const mode = (path: string) => Deno.lstatSync(path).mode! & 0o7777;
const inode = (path: string) => {
  try {
    return Deno.lstatSync(path).ino;
  } catch {
    return undefined;
  }
};

async function status(wire: Wire): Promise<string> {
  await wire.send(get("/info"));
  return (await wire.message()).slice(9, 12);
}

Deno.test("a mode that somebody changes is set back, and told", async () => {
  await using bench = await Bench.open(deny);
  const before = inode(bench.path);
  for (const other of [0o666, 0o000]) {
    Deno.chmodSync(bench.path, other);
    await until(() => mode(bench.path) === 0o600);
  }
  assert.equal(inode(bench.path), before);
  await bench.says(/gate\.sock \(test\) had mode 0666: set back to what is configured/);
  await bench.says(/gate\.sock \(test\) had mode 0000: set back/);
});

Deno.test(
  "an owner that somebody changes is set back, with the mode that goes with it",
  asRoot,
  async () => {
    await using bench = await Bench.open(deny);
    Deno.chmodSync(bench.path, 0o660);
    Deno.chownSync(bench.path, 1234, 4321);
    await until(() => Deno.lstatSync(bench.path).uid === 0 && mode(bench.path) === 0o600);
    assert.equal(Deno.lstatSync(bench.path).gid, Deno.gid());
    await bench.says(/had owner 1234:4321 and mode 0660: set back/);
  },
);

Deno.test("a socket that somebody removes is there again, and who is connected goes on", async () => {
  await using bench = await Bench.open(full, { workers: 2 });
  using early = await bench.client();
  await early.send(get("/info"));
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  const before = inode(bench.path);
  await Deno.remove(bench.path);
  await until(() => inode(bench.path) !== undefined);
  assert.notEqual(inode(bench.path), before);
  assert.equal(mode(bench.path), 0o600);
  await bench.says(/gate\.sock \(test\) was removed by somebody: it is there again/);
  await engine.send(ok("late"));
  assert.match(await early.rest(), /late$/);
  using other = await bench.client();
  await other.send(get("/version"));
  using next = await bench.engine();
  await next.until("\r\n\r\n");
  await next.send(ok("new"));
  assert.match(await other.message(), /new$/);
});

Deno.test("where another listens in its place, it is told once, and the socket comes back when that has gone", async () => {
  await using bench = await Bench.open(deny);
  await Deno.remove(bench.path);
  const other = Deno.listen({ transport: "unix", path: bench.path });
  const theirs = inode(bench.path);
  await bench.says(/cannot be kept as configured: .*gate\.sock is in use: pid /);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  assert.equal(bench.log.match(/cannot be kept as configured/g)?.length, 1);
  assert.equal(inode(bench.path), theirs);
  other.close();
  await bench.says(/it is there again/);
  using client = await bench.client();
  assert.equal(await status(client), "403");
});

Deno.test("a folder that is away for a while has its socket when it is there again", async () => {
  await using bench = await Bench.open(deny);
  const folder = `${bench.directory}/run`;
  await Deno.mkdir(folder);
  await bench.apply(deny, { changes: [{}, { name: "b", socket: `${folder}/b.sock` }] });
  await Deno.remove(folder, { recursive: true });
  await bench.says(/b\.sock \(b\) cannot be kept as configured: .*does not exist/);
  await Deno.mkdir(folder);
  await bench.says(/b\.sock \(b\) was removed by somebody: it is there again/);
  using client = await Wire.to(`${folder}/b.sock`);
  assert.equal(await status(client), "403");
});

Deno.test("with rotate the socket is made anew and is never missing, streams go on, idle connections end", async () => {
  await using bench = await Bench.open(full, { workers: 2, rotate: 1 });
  using stream = await bench.client();
  await stream.send(
    post("/containers/x/attach?stream=1", "", "Connection: Upgrade\r\nUpgrade: tcp\r\n"),
  );
  using engine = await bench.engine();
  await engine.until("\r\n\r\n");
  const head = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
  await engine.send(head);
  await stream.exactly(head.length);
  using idle = await bench.client();
  await idle.send(get("/v0.1/info"));
  await idle.message();
  const seen = new Set([inode(bench.path)]);
  let refused = 0;
  while (seen.size < 3) {
    seen.add(inode(bench.path));
    // Whoever comes is served: one that has connected is asked to stay until it has had an answer.
    const client = await bench.client().catch(() => undefined);
    if (client === undefined) refused++;
    else {
      await client.send(get("/v0.1/info"));
      assert.match(await client.message(), /^HTTP\/1\.1 4/);
      client.close();
    }
  }
  assert.equal(refused, 0);
  assert.ok(!seen.has(undefined));
  assert.equal(await idle.rest(), "");
  await engine.send("still here");
  assert.equal(await stream.exactly(10), "still here");
  await bench.says(/gate\.sock \(test\) was made anew, as every 1 seconds/);
});

Deno.test("who waits for room at a socket that is made anew meanwhile is served when there is some", async () => {
  await using bench = await Bench.open(deny, { maxConnections: 1, rotate: 1 });
  using first = await bench.client();
  assert.equal(await status(first), "403");
  const before = inode(bench.path);
  const waiting = [await bench.client(), await bench.client()];
  // A request that is not whole yet keeps the only place.
  await first.send("GET /info HTTP/1.1\r\nHo");
  for (const wire of waiting) await wire.send(get("/info", "Connection: close\r\n"));
  await until(() => inode(bench.path) !== before);
  await bench.says(/made anew/);
  first.close();
  for (const wire of waiting) {
    assert.match(await wire.rest(), /^HTTP\/1\.1 403 /);
    wire.close();
  }
});

Deno.test("a socket whose path leaves no room for a second is told, and stays", async () => {
  await using bench = await Bench.open(deny);
  const path = `${bench.directory}/${"x".repeat(107 - bench.directory.length - 1)}`;
  await bench.apply(deny, { changes: [{}, { name: "b", socket: path, rotate: 0.1 }] });
  const before = inode(path);
  await bench.says(/cannot be kept as configured: .* its path must leave room for \.new/);
  assert.equal(inode(path), before);
});
