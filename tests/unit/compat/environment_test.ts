import assert from "node:assert/strict";
import { parseBind } from "../../../lib/compat/bind.ts";
import { environmentNotices, readEnvironment } from "../../../lib/compat/environment.ts";
import { isOn } from "../../../lib/compat/env_rules.ts";
import { flavourOf, saysWhatIsOpen } from "../../../lib/compat/flavours.ts";
import { denoFs } from "../../../lib/config/fs.ts";
import type { NameService } from "../../../lib/config/types.ts";
import { command, withFiles } from "../cli/fake_world.ts";

const names: NameService = {
  uidOf: (name) => name === "root" ? 0 : undefined,
  gidOf: (name) => name === "docker" ? 998 : undefined,
  loginGroups: () => undefined,
  userNames: () => ["root"],
  groupNames: () => ["docker"],
};

const read = (env: Record<string, string>) =>
  readEnvironment({ env, overrides: {}, names, fs: denoFs });

function configOf(env: Record<string, string>) {
  const result = read(env);
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics));
  return result.config;
}

function problemsOf(env: Record<string, string>): string[] {
  const result = read(env);
  return result.ok ? [] : result.diagnostics.map(({ message }) => message);
}

function bound(text: string) {
  const problems: string[] = [];
  const found = parseBind(text, names, (problem) => void problems.push(problem));
  return { found, problems };
}

Deno.test("a variable is on where HAProxy reads a whole number that is not 0", () => {
  for (const text of ["1", "2", "01", "-1", "+1", "1x", "1.5"]) assert.ok(isOn(text), text);
  for (const text of ["0", "", "true", "yes", " 1", "0x1", "-0", undefined]) {
    assert.ok(!isOn(text), text);
  }
});

Deno.test("BIND_CONFIG takes unix sockets with mode, user, group, backlog, maxconn and name", () => {
  const { found, problems } = bound(
    "unix@/run/a.sock,/run/b.sock mode 660 user root group docker backlog 64 maxconn 9",
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(found.map(({ name, socket }) => [name, socket]), [
    ["a", "/run/a.sock"],
    ["b", "/run/b.sock"],
  ]);
  assert.partialDeepStrictEqual(found[0]!, {
    mode: 0o660,
    uid: 0,
    gid: 998,
    backlog: 64,
    maxConnections: 9,
  });
  assert.equal(bound("unix@/run/a.sock").found[0]!.mode, 0o600);
  assert.equal(bound("unix@/run/a.sock name front gid 5").found[0]!.name, "front");
});

Deno.test("BIND_CONFIG takes ports, and one that others reach is insecure, as it is there", () => {
  for (
    const [text, place, insecure] of [
      [":2375", "tcp://0.0.0.0:2375", true],
      ["*:2375", "tcp://0.0.0.0:2375", true],
      ["[::]:2375 v4v6", "tcp://[::]:2375", true],
      [":::2375", "tcp://[::]:2375", true],
      ["ipv6@:2375", "tcp://[::]:2375", true],
      ["127.0.0.1:2375 maxconn 9", "tcp://127.0.0.1:2375", undefined],
      ["[::1]:2375", "tcp://[::1]:2375", undefined],
    ] as const
  ) {
    const { found: [one], problems } = bound(text);
    assert.deepEqual(problems, [], text);
    assert.deepEqual([one!.socket, one!.insecure, one!.name], [place, insecure, "tcp-2375"], text);
  }
  const both = bound("127.0.0.1:2375,[::1]:2375");
  assert.deepEqual(both.problems, []);
  assert.deepEqual(both.found.map(({ name }) => name), ["tcp-2375", "tcp-2375-2"]);
});

Deno.test("BIND_CONFIG of another family or with an unknown option is refused with what to write", () => {
  for (const text of ["abns@x", "fd@3", ":0", ":70000", ":2375-2380", "host:2375", "2375"]) {
    assert.match(bound(text).problems[0]!, /names neither a unix socket nor/, text);
  }
  assert.match(bound(":2376 ssl crt x.pem").problems[0]!, /an option that Postern does not have/);
  assert.match(bound("unix@/run/a.sock ssl").problems[0]!, /an option that Postern does not have/);
  assert.match(bound("unix@/run/a.sock mode").problems[0]!, /has mode without a value/);
  assert.match(bound("unix@/run/a.sock mode 9").problems[0]!, /octal/);
  assert.match(bound("unix@/run/a.sock group dockr").problems[0]!, /unknown group "dockr"/);
  assert.match(bound("unix@/run/a.sock,unix@/run/a.sock").problems[0]!, /twice/);
  const result = read({ POST: "1", BIND_CONFIG: "host:2375" });
  assert.match(
    result.ok ? "" : result.diagnostics[0]!.hint!,
    /write BIND_CONFIG="unix@\/run\/postern\/docker.sock mode 660 group docker"/,
  );
});

Deno.test("everything that is wrong with the environment is said at once", () => {
  const problems = problemsOf({
    POSTERN_ENV: "nginx",
    SOCKET_PATH: "tcp://engine:2375",
    LOG_LEVEL: "loud",
    BIND_CONFIG: "host:2375",
    POSTERN_WORKERS: "none",
  });
  assert.deepEqual(problems.map((text) => text.split(" ")[0]).sort(), [
    "BIND_CONFIG",
    "LOG_LEVEL",
    "POSTERN_ENV",
    "POSTERN_WORKERS",
    "SOCKET_PATH",
  ]);
});

Deno.test("an engine's socket that is Postern's own is refused", () => {
  const env = { SOCKET_PATH: "/run/x.sock", BIND_CONFIG: "unix@/run/x.sock" };
  assert.match(problemsOf(env)[0]!, /round in circles/);
});

Deno.test("SOCKET_PATH, LOG_LEVEL and BIND_CONFIG make listener, upstream and logs; POSTERN_UPSTREAM beats the first", () => {
  const config = configOf({
    SOCKET_PATH: "unix@/run/engine.sock",
    BIND_CONFIG: "unix@/run/gate.sock",
    LOG_LEVEL: "err",
  });
  assert.partialDeepStrictEqual(config.listeners[0]!, {
    socket: "/run/gate.sock",
    upstream: "/run/engine.sock",
  });
  assert.equal(config.log.level, "error");
  assert.deepEqual(config.audit, { to: "off" });
  assert.deepEqual(configOf({}).audit, { to: "stderr" });
  assert.equal(configOf({}).listeners[0]!.socket, "/run/postern/docker.sock");
  const over = configOf({ SOCKET_PATH: "/run/a.sock", POSTERN_UPSTREAM: "/run/b.sock" });
  assert.equal(over.listeners[0]!.upstream, "/run/b.sock");
});

Deno.test("LinuxServer's rules count where a variable of its image is set, or POSTERN_ENV says so", () => {
  const nameOf = (env: Record<string, string>) => flavourOf(env)?.flavour.name;
  assert.equal(nameOf({ CONTAINERS: "1" }), "tecnativa");
  assert.equal(nameOf({ CONTAINERS: "1", ALLOW_LOGS: "0" }), "linuxserver");
  assert.equal(nameOf({ ALLOW_LOGS: "1", POSTERN_ENV: "tecnativa" }), "tecnativa");
  assert.equal(nameOf({ POSTERN_ENV: "linuxserver" }), "linuxserver");
  assert.equal(nameOf({ POSTERN_ENV: "constructor" }), undefined);
});

Deno.test("variables that other programs have, too, do not make a configuration", () => {
  assert.ok(!saysWhatIsOpen({ SOCKET_PATH: "/run/x.sock", LOG_LEVEL: "info", HOME: "/root" }));
  assert.ok(saysWhatIsOpen({ POST: "0" }));
  assert.ok(saysWhatIsOpen({ LIBPOD_PODS: "1" }));
});

Deno.test("ALLOW_START needs POST=1 in Tecnativa's image, and not in LinuxServer's", () => {
  const allows = (env: Record<string, string>) => {
    const { gate } = configOf(env);
    return gate.policies[gate.listenerPolicies["docker"]!]!.verdicts["containers.start"]!.allow;
  };
  assert.ok(!allows({ ALLOW_START: "1" }));
  assert.ok(allows({ ALLOW_START: "1", POST: "1" }));
  assert.ok(allows({ ALLOW_START: "1", POSTERN_ENV: "linuxserver" }));
});

Deno.test("nothing is judged in bodies, unless POSTERN_SAFE=1", () => {
  const create = (env: Record<string, string>) =>
    configOf(env).gate.policies["tecnativa"]!.verdicts["containers.create"]!;
  const open = create({ CONTAINERS: "1", POST: "1" });
  assert.ok(open.allow && open.constraints === undefined);
  const safe = create({ CONTAINERS: "1", POST: "1", POSTERN_SAFE: "1" });
  assert.deepEqual(safe.constraints?.limits.host_mounts, []);
});

Deno.test("the log says which rules count, what is not on though it was meant to be, and what gives root away", () => {
  const said = (env: Record<string, string>) =>
    environmentNotices(env).map(({ level, text }) => `${level}: ${text}`).join("\n");
  const text = said({ CONTAINERS: "1", POST: "1", BUILD: "1", EXEC: "true" });
  assert.match(text, /^info: the environment decides, as in the image of tecnativa/);
  assert.match(text, /info: BIND_CONFIG is not set.*unix@\/run\/postern\/docker.sock/);
  assert.match(text, /warning: EXEC=true is off/);
  assert.match(text, /warning: CONTAINERS=1 gives root on the host: containers.create/);
  assert.match(text, /warning: BUILD=1 gives root on the host: images.build/);
  assert.doesNotMatch(said({ CONTAINERS: "1" }), /gives root/);
  assert.doesNotMatch(said({ CONTAINERS: "1", POST: "1", POSTERN_SAFE: "1" }), /gives root/);
  assert.match(
    said({ ALLOW_LOGS: "1", POSTERN_ENV: "tecnativa" }),
    /ALLOW_LOGS: the image of tecnativa does not know it/,
  );
});

Deno.test("explain says which variables would permit a request", async () => {
  const env = { CONTAINERS: "1", POSTERN_ENV: "tecnativa" };
  const { code, out } = await command(
    ["explain", "--uid", "0", "--offline", "POST", "/v1.41/exec/1/start"],
    env,
  );
  assert.equal(code, 1);
  assert.match(out, /to allow +POST=1 and EXEC=1 in the environment would permit it/);
});

Deno.test("variables of an image are the configuration where no other is found", async () => {
  const { code, out } = await command(["check"], { CONTAINERS: "1", POST: "1" });
  assert.equal(code, 0);
  assert.match(out, /listener docker: \/run\/postern\/docker\.sock, mode 0600, policy tecnativa/);
  assert.match(out, /gives root on the host: containers\.create/);
  assert.equal((await command(["check"], { LOG_LEVEL: "info" })).code, 1);
});

Deno.test("a configuration that is named beats the environment, and --env beats none", async () => {
  await withFiles({
    "postern.yaml": "listeners: [{ socket: DIR/x.sock, policy: read-only }]\n",
  }, async (directory) => {
    const file = `${directory}/postern.yaml`;
    const env = { POST: "1", CONTAINERS: "1", POSTERN_ENV: "tecnativa" };
    assert.match((await command(["check", "-c", file], env)).out, /policy read-only/);
    const byVariable = await command(["check"], { ...env, POSTERN_CONFIG: file });
    assert.match(byVariable.out, /policy read-only/);
    const asked = await command(["check", "--env"], { ...env, POSTERN_CONFIG: file });
    assert.match(asked.out, /policy tecnativa: \d+ of/);
    const both = await command(["check", "--env", "-c", file], env);
    assert.equal(both.code, 1);
    assert.match(both.err, /--env and --config name two configurations/);
  });
});
