import assert from "node:assert/strict";
import { parseSocat } from "../../../lib/config/socat.ts";
import type { ListenerConfig } from "../../../lib/config/types.ts";
import { names } from "./fakes.ts";

const CONNECT = "UNIX-CONNECT:/var/run/docker.sock";

function parse(...args: string[]) {
  return parseSocat(args, names, "/here");
}

const accepted: Record<string, Partial<ListenerConfig>> = {
  "UNIX-LISTEN:/run/ci.sock,fork": {
    name: "ci",
    socket: "/run/ci.sock",
    mode: 0o600,
    protocol: "http",
    upstream: "/var/run/docker.sock",
    origin: "command line",
  },
  "unix-listen:/run/ci.sock,fork": { socket: "/run/ci.sock" },
  "UNIX-L:/run/ci.sock,fork": { socket: "/run/ci.sock" },
  "UNIX-LISTEN:run/ci.sock,fork": { name: "ci", socket: "/here/run/ci.sock" },
  "UNIX-LISTEN:../ci.sock,fork": { socket: "/ci.sock" },
  "UNIX-LISTEN:/run//x/../ci.sock,fork": { socket: "/run/ci.sock" },
  "UNIX-LISTEN:/run/ci.sock,mode=660,fork": { mode: 0o660 },
  "UNIX-LISTEN:/run/ci.sock,perm=0660,fork": { mode: 0o660 },
  "UNIX-LISTEN:/run/ci.sock,umask=007,fork": { mode: 0o770 },
  "UNIX-LISTEN:/run/ci.sock,umask=007,mode=600,fork": { mode: 0o600 },
  "UNIX-LISTEN:/run/ci.sock,user=ops,group=ci,fork": { uid: 1001, gid: 2001 },
  "UNIX-LISTEN:/run/ci.sock,uid=7,gid=8,fork": { uid: 7, gid: 8 },
  "UNIX-LISTEN:/run/ci.sock,OWNER=root,fork": { uid: 0 },
  "UNIX-LISTEN:/run/ci.sock,user-early=ops,group-early=ci,perm-early=640,fork": {
    uid: 1001,
    gid: 2001,
    mode: 0o640,
  },
  "UNIX-LISTEN:/run/ci.sock,fork,unlink-early,unlink-close=1,backlog=64,max-children=9": {
    backlog: 64,
    maxConnections: 9,
  },
};

for (const [address, expected] of Object.entries(accepted)) {
  Deno.test(`${address} is understood as socat does`, () => {
    const result = parse(address, CONNECT);
    assert.ok(result.ok, JSON.stringify(result));
    assert.deepEqual(result.warnings, []);
    const [listener] = result.config.listeners;
    assert.deepEqual({ ...listener, ...expected }, listener);
  });
}

for (const connect of ["UNIX-CLIENT:/d.sock", "unix:/d.sock", "UNIX:/d.sock", "local:/d.sock"]) {
  Deno.test(`${connect} names the upstream`, () => {
    const result = parse("UNIX-LISTEN:/run/ci.sock,fork", connect);
    assert.ok(result.ok);
    assert.equal(result.config.listeners[0]?.upstream, "/d.sock");
  });
}

Deno.test("the socat form is read-only unless policy= says otherwise", () => {
  const plain = parse("UNIX-LISTEN:/run/ci.sock,fork", CONNECT);
  const full = parse("UNIX-LISTEN:/run/ci.sock,fork,policy=full", CONNECT);
  assert.ok(plain.ok && full.ok);
  assert.deepEqual(plain.config.gate.listenerPolicies, { ci: "read-only" });
  assert.deepEqual(full.config.gate.listenerPolicies, { ci: "full" });
  assert.equal(full.config.gate.defaultPolicy, "deny");
});

Deno.test("a missing fork is a warning", () => {
  const result = parse("UNIX-LISTEN:/run/ci.sock", CONNECT);
  assert.ok(result.ok);
  assert.match(result.warnings.join(), /without fork/);
});

Deno.test("audit and workers can be set from outside", () => {
  const args = ["UNIX-LISTEN:/run/ci.sock,fork", CONNECT];
  const result = parseSocat(args, names, "/here", { audit: { to: "off" }, workers: 3 });
  assert.ok(result.ok);
  assert.deepEqual([result.config.audit, result.config.workers], [{ to: "off" }, 3]);
});

const refused: [args: string[], message: RegExp][] = [
  [[], /takes two addresses, got 0/],
  [["UNIX-LISTEN:/a"], /takes two addresses, got 1/],
  [["UNIX-LISTEN:/a", CONNECT, "x"], /takes two addresses, got 3/],
  [["-d", "UNIX-LISTEN:/a", CONNECT], /own options are not supported: remove -d$/],
  [
    ["-d", "-d", "UNIX-LISTEN:/a", CONNECT],
    /^socat's own options are not supported: remove -d -d$/,
  ],
  [["TCP-LISTEN:2375", CONNECT], /unsupported address "TCP-LISTEN:2375": only UNIX-LISTEN/],
  [["UNIX-LISTEN:/a", "EXEC:/bin/sh"], /unsupported address "EXEC:\/bin\/sh"/],
  [["UNIX-LISTEN:/a", "STDIO"], /unsupported address/],
  [["UNIX-LISTEN:/a", "/var/run/docker.sock"], /unsupported address/],
  [[CONNECT, "UNIX-LISTEN:/a"], /in this order/],
  [["UNIX-LISTN:/a", CONNECT], /did you mean UNIX-LISTEN/],
  [["ABSTRACT-LISTEN:a", CONNECT], /unsupported address/],
  [["UNIX-LISTEN:run/", CONNECT], /UNIX-LISTEN's path must be an absolute path: got "run\/"/],
  [["UNIX-LISTEN:", CONNECT], /must be an absolute path/],
  [[`UNIX-LISTEN:/${"x".repeat(107)}`, CONNECT], /at most 107 bytes/],
  [['UNIX-LISTEN:"/a"', CONNECT], /quotes, brackets and backslashes/],
  [["UNIX-LISTEN:/a,mod=600", CONNECT], /unknown option "mod": did you mean mode/],
  [["UNIX-LISTEN:/a,reuseaddr", CONNECT], /unknown option "reuseaddr": the options are mode,/],
  [["UNIX-LISTEN:/a,", CONNECT], /unknown option ""/],
  [["UNIX-LISTEN:/a,mode=680", CONNECT], /no digit 8/],
  [["UNIX-LISTEN:/a,mode=", CONNECT], /mode needs a value/],
  [["UNIX-LISTEN:/a,mode=600,perm=666", CONNECT], /mode is given twice/],
  [["UNIX-LISTEN:/a,umask=99", CONNECT], /umask is octal/],
  [["UNIX-LISTEN:/a,user=opps", CONNECT], /unknown user "opps"; did you mean ops/],
  [["UNIX-LISTEN:/a,group=cii", CONNECT], /unknown group "cii"; did you mean ci/],
  [["UNIX-LISTEN:/a,backlog=0", CONNECT], /backlog must be a whole number from 1/],
  [["UNIX-LISTEN:/a,max-children=many", CONNECT], /max-children must be a whole number/],
  [
    ["UNIX-LISTEN:/a,policy=readonly", CONNECT],
    /unknown policy "readonly": did you mean read-only/,
  ],
  [["UNIX-LISTEN:/a,policy=constructor", CONNECT], /unknown policy "constructor"/],
  [["UNIX-LISTEN:/a,fork=0", CONNECT], /fork=0 is not supported/],
  [["UNIX-LISTEN:/a", "UNIX-CONNECT:/b,retry=3"], /takes no options here: remove "retry"/],
  [["UNIX-LISTEN:/a", "UNIX-CONNECT:/x/../a"], /name the same socket/],
];

for (const [args, message] of refused) {
  Deno.test(`socat form refused: ${args.join(" ").slice(0, 60) || "nothing"}`, () => {
    const result = parse(...args);
    assert.ok(!result.ok);
    assert.match(result.message, message);
  });
}

Deno.test("the socat form reports all mistakes at once, one a line", () => {
  const result = parse("UNIX-LISTEN:,mode=9,user=nobody2,policy=x", "UNIX-CONNECT:b/");
  assert.ok(!result.ok);
  assert.equal(result.message.split("\n").length, 5);
});
