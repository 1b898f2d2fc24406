import assert from "node:assert/strict";
import { command, withFiles } from "./fake_world.ts";

const manifest = JSON.parse(
  await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)),
);

Deno.test("without arguments the help goes to stderr, as a usage error", async () => {
  const { code, out, err } = await command([]);
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /^postern: a gate in front of the Docker Engine's unix socket\n/);
});

for (const args of [["--help"], ["-h"], ["help"], ["help", "help"]]) {
  Deno.test(`${args.join(" ")} prints the help`, async () => {
    const { code, out, err } = await command(args);
    assert.deepEqual([code, err], [0, ""]);
    for (const name of ["serve", "check", "explain", "schema", "demo", "UNIX-LISTEN"]) {
      assert.ok(out.includes(`postern ${name}`), name);
    }
  });
}

for (const name of ["serve", "check", "explain", "schema", "demo"]) {
  Deno.test(`${name} --help and help ${name} say the same`, async () => {
    const said = await command([name, "--help"]);
    assert.deepEqual([said.code, said.err], [0, ""]);
    assert.match(said.out, new RegExp(`^postern ${name}: [^]*Usage: postern ${name}`));
    assert.deepEqual(await command(["help", name]), said);
  });

  Deno.test(`${name} --version prints the version of deno.json`, async () => {
    const expected = { code: 0, out: `postern ${manifest.version}\n`, err: "" };
    assert.deepEqual(await command([name, "--version"]), expected);
    assert.deepEqual(await command(["--version"]), expected);
  });

  Deno.test(`${name} with a flag that does not exist is a usage error that points to the help`, async () => {
    const { code, out, err } = await command([name, "--no-such-flag"]);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, new RegExp(`^postern ${name}: .*--no-such-flag.*postern ${name} --help`));
  });
}

Deno.test("an unknown command and an unknown help topic are usage errors", async () => {
  for (
    const [name, hint] of [
      ["serv", "did you mean serve"],
      ["constructor", "`postern --help` lists them"],
      ["-x", "`postern --help` lists them"],
    ] as const
  ) {
    for (const args of [[name], ["help", name]]) {
      const { code, out, err } = await command(args);
      assert.deepEqual([code, out], [2, ""]);
      assert.equal(err, `postern: there is no command "${name}"; ${hint}\n`);
    }
  }
});

Deno.test("socat alone, with --help and as a topic gives its help", async () => {
  const said = await command(["help", "socat"]);
  assert.match(said.out, /^postern UNIX-LISTEN:PATH[^]*umask=/);
  for (const args of [["socat"], ["socat", "--help"]]) {
    assert.deepEqual(await command(args), said);
  }
});

Deno.test("the socat form behind socat's own options says that these are not supported", async () => {
  const { code, err } = await command(["-d", "-d", "UNIX-LISTEN:/a,fork", "UNIX-CONNECT:/b"]);
  assert.equal(code, 2);
  assert.match(err, /^postern: socat's own options are not supported: remove -d -d\n/);
});

Deno.test("the socat form reports its mistakes and where its help is", async () => {
  const { code, err } = await command(["UNIX-LISTEN:/a,mod=600", "UNIX-CONNECT:/b"]);
  assert.equal(code, 2);
  assert.match(err, /"mod".*did you mean mode/);
  assert.match(err, /postern help socat\n?/);
});

Deno.test("an empty POSTERN_CONFIG counts as not set", async () => {
  const said = await command(["check"], { POSTERN_CONFIG: "" });
  assert.deepEqual(said, await command(["check"]));
});

Deno.test("serve without any configuration says which files it looked for", async () => {
  await withFiles({}, async (directory) => {
    const missing = `${directory}/none.yaml`;
    const { code, err } = await command(["serve", "-c", missing]);
    assert.equal(code, 3);
    assert.ok(err.includes(missing), err);
  });
});
