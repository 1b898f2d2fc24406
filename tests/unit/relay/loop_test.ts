import assert from "node:assert/strict";
import { AuditWriter } from "../../../lib/audit/writer.ts";
import { close, eventfd, O_CREAT, O_WRONLY, open, signalEventfd } from "../../../lib/linux/io.ts";
import { bindSocket, type BoundSocket, unlinkSocket } from "../../../lib/relay/bind.ts";
import { Census } from "../../../lib/relay/census.ts";
import { type Acceptor, Loop } from "../../../lib/relay/loop.ts";
import { NameCache } from "../../../lib/peer/names.ts";
import { builtinPolicies } from "../../../lib/policy/builtin.ts";
import { Gatekeeper } from "../../../lib/relay/gatekeeper.ts";
import { Listener } from "../../../lib/relay/listener.ts";
import { post, Wire } from "../../support/wire.ts";

/** Runs `prepare`'s loop for one turn, then once more after `afterwards`, and returns its warnings. */
async function oneTurn(prepare: (loop: Loop) => void, afterwards = () => {}): Promise<string[]> {
  const warnings: string[] = [];
  const wakeFd = eventfd();
  const loop = new Loop(wakeFd, false, undefined, (message) => warnings.push(message));
  prepare(loop);
  signalEventfd(wakeFd);
  let turns = 0;
  await loop.run(() => {
    afterwards();
    signalEventfd(wakeFd);
    return Promise.resolve(++turns === 2);
  });
  close(wakeFd);
  return warnings;
}

Deno.test("a fault in one connection closes that one, is reported, and lets the others go on", async () => {
  const told: string[] = [];
  const warnings = await oneTurn((loop) => {
    loop.again({
      queued: false,
      run() {
        throw new TypeError("boom");
      },
      close: () => told.push("closed"),
    });
    loop.again({ queued: false, run: () => told.push("ran"), close: () => told.push("never") });
  });
  assert.deepEqual(told, ["closed", "ran"]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /closed by a fault in Postern, please report it: TypeError: boom\n/);
});

Deno.test("a fault in what a deadline calls back closes who waited, is reported, and lets the others have theirs", async () => {
  const told: string[] = [];
  const warnings = await oneTurn((loop) => {
    const deadlines = loop.after(0.01);
    deadlines.add({
      expire() {
        throw new TypeError("late boom");
      },
      close: () => told.push("closed"),
    });
    deadlines.add({ expire: () => told.push("expired"), close: () => told.push("never") });
    const begun = performance.now();
    while (performance.now() - begun < 1);
  });
  assert.deepEqual(told, ["closed", "expired"]);
  assert.match(warnings.join(), /TypeError: late boom/);
});

Deno.test("a fault while a connection is taken closes it", async () => {
  const directory = await Deno.makeTempDir();
  const bound = bindSocket({ socket: `${directory}/a.sock`, mode: 0o600, backlog: 5 });
  using wire = await Wire.to(bound.path);
  const warnings = await oneTurn((loop) => {
    const acceptor: Acceptor = {
      fd: bound.fd,
      open: true,
      limited: false,
      accepted(fd) {
        loop.attach(fd);
        throw new RangeError("no");
      },
    };
    loop.listen(acceptor);
  });
  assert.equal(await wire.rest(), "");
  assert.match(warnings.join(), /RangeError: no/);
  unlinkSocket(bound);
  close(bound.fd);
  await Deno.remove(directory, { recursive: true });
});

/** The listener `a` of a gate that denies everything, in a loop that runs for one turn while `wire` is as it is. */
async function denyOneTurn(wire: Wire, bound: BoundSocket, audit?: AuditWriter): Promise<string> {
  const rules = {
    clients: [],
    listenerPolicies: {},
    defaultPolicy: "deny",
    policies: builtinPolicies,
  };
  const gatekeeper = new Gatekeeper(rules, new NameCache(), audit);
  const { fd, path } = bound;
  const planned = { name: "a", path, fd, protocol: "http", upstream: "/nowhere" } as const;
  let listener: Listener | undefined;
  await oneTurn((loop) => {
    listener = new Listener(loop, gatekeeper, new Census(Census.memory()), planned);
    loop.listen(listener);
  }, () => listener!.close());
  close(fd);
  unlinkSocket(bound);
  return await wire.rest().catch(() => "");
}

Deno.test("a client that floods the gate with denied requests gets a few answers in its turn, then others have theirs", async () => {
  const directory = await Deno.makeTempDir();
  const bound = bindSocket({ socket: `${directory}/a.sock`, mode: 0o600, backlog: 5 });
  using wire = await Wire.to(bound.path);
  await wire.send(post("/containers/create", "").repeat(300));
  const answers = (await denyOneTurn(wire, bound)).split("HTTP/1.1 403 ").length - 1;
  assert.ok(answers > 0 && answers <= 8, `${answers} answers in one turn`);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("long heads are judged a few at a time, too", async () => {
  const directory = await Deno.makeTempDir();
  const bound = bindSocket({ socket: `${directory}/a.sock`, mode: 0o600, backlog: 5 });
  using wire = await Wire.to(bound.path);
  await wire.send(post(`/containers/create?name=${"x".repeat(12_000)}`, "").repeat(8));
  const answers = (await denyOneTurn(wire, bound)).split("HTTP/1.1 403 ").length - 1;
  assert.equal(answers, 2);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("nobody is judged for a client that has left: its denied requests end with the first", async () => {
  const directory = await Deno.makeTempDir();
  const bound = bindSocket({ socket: `${directory}/a.sock`, mode: 0o600, backlog: 5 });
  const log = open(`${directory}/log`, O_WRONLY | O_CREAT, 0o600);
  const audit = new AuditWriter({ fd: log, required: false }, () => {});
  const wire = await Wire.to(bound.path);
  await wire.send(post("/containers/create", "").repeat(300));
  wire.close();
  await denyOneTurn(wire, bound, audit);
  audit.flush();
  close(log);
  const lines = (await Deno.readTextFile(`${directory}/log`)).trimEnd().split("\n");
  assert.equal(lines.length, 1);
  await Deno.remove(directory, { recursive: true });
});
