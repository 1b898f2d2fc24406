// What the README shows must work, and what it lists must be all there is.
import assert from "node:assert/strict";
import { parse } from "yaml";
import { help } from "../../../lib/cli/help.ts";
import { choosePolicy } from "../../../lib/policy/choose.ts";
import { configSchema, policySchema } from "../../../lib/config/schema.ts";
import { givesRoot } from "../../../lib/policy/root.ts";
import { missingForCertificates } from "../../support/certificates.ts";
import { type Entry, load } from "./fakes.ts";

const root = new URL("../../../", import.meta.url);
const readme = Deno.readTextFileSync(new URL("README.md", root));
const example = Deno.readTextFileSync(new URL("policies/examples/team-ci.yaml", root));

/** The fenced YAML blocks, in order. */
const blocks = [...readme.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text!);

function block(beginning: string): string {
  const found = blocks.find((text) => text.startsWith(beginning));
  assert.ok(found, beginning);
  return found;
}

/** The first column of the table whose first column has this head. */
function column(head: string): string[] {
  const [, ...rows] = readme.slice(readme.indexOf(`| ${head}`)).split("\n\n", 1)[0]!.split("\n");
  return rows.slice(1).map((row) => /^\| `(\w+)`/.exec(row)?.[1] ?? row);
}

Deno.test("the README's configuration and policy load, and give a container's root nothing", () => {
  const result = load({
    "postern.yaml": block("upstream:"),
    "policies/team-ci.yaml": block("name: team-ci"),
  });
  assert.ok(result.ok, JSON.stringify(result));
  const of = (listener: string, uid: number, gid = uid) =>
    choosePolicy(result.config.gate, listener, { uid, gid, groups: [] }).policy.name;
  assert.deepEqual(
    [of("ci", 0), of("ops", 0), of("ci", 1500, 2001), of("ci", 1500)],
    ["read-only", "full", "team-ci", "read-only"],
  );
});

const others = blocks.filter((text) => text.startsWith("listeners:"));

function loadOther(text: string, more: Record<string, Entry> = {}): void {
  const result = load({
    "postern.yaml": `${text}policies: team.yaml\n`,
    "team.yaml": example,
    ...more,
  });
  assert.ok(result.ok, JSON.stringify(result));
}

Deno.test("the README's other configurations load", () => {
  const plain = others.filter((text) => !text.includes("tls:"));
  assert.ok(plain.length > 1);
  for (const text of plain) loadOther(text);
});

Deno.test({
  name: "the README's listeners on TCP load with the certificates that its commands make",
  ignore: missingForCertificates !== undefined,
}, async () => {
  const [text] = others.filter((text) => text.includes("tls:"));
  const [, commands] = /^```\n(openssl req -x509.*?)^```$/ms.exec(readme)!;
  const folder = await Deno.makeTempDir({ prefix: "postern-readme-" });
  try {
    const shell = new Deno.Command("bash", { args: ["-ec", commands!], cwd: folder });
    const { success, stderr } = await shell.output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const read = (name: string) => Deno.readTextFileSync(`${folder}/${name}`);
    loadOther(text!, {
      "server.pem": read("server.pem"),
      "server.key": { text: read("server.key"), mode: 0o600 },
      "ca.pem": read("ca.pem"),
    });
    const names = ["verify", "-purpose", "sslclient", "-CAfile", "ca.pem", "cert.pem"];
    const verified = await new Deno.Command("openssl", { args: names, cwd: folder }).output();
    assert.ok(verified.success, new TextDecoder().decode(verified.stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the README's team policy is the one in policies/examples", () => {
  assert.deepEqual(parse(block("name: team-ci")), parse(example));
});

Deno.test("the README's policies load together, and give root away only where it says so", () => {
  const files = blocks.filter((text) => text.startsWith("name:"))
    .map((text, i) => [`policies/${i}.yaml`, text] as const);
  assert.equal(files.length, 4);
  const result = load({
    "postern.yaml": "listeners: [{ socket: /p.sock }]\npolicies: policies\n",
    ...Object.fromEntries(files),
  });
  assert.ok(result.ok, JSON.stringify(result));
  const { policies } = result.config.gate;
  const root = (name: string) => givesRoot(policies[name]!);
  assert.deepEqual(["team-ci", "ci-builders", "web"].flatMap(root), []);
  assert.deepEqual(root("trial"), ["mode: warn"]);
});

Deno.test("the README's tables list every key there is", () => {
  const { shape } = configSchema;
  assert.deepEqual(column("key at the top"), Object.keys(shape));
  const limits = policySchema.shape.limits.def.innerType.shape;
  assert.deepEqual(column("key of `limits`"), Object.keys(limits));
  const listener = shape.listeners.def.innerType.def.element.shape;
  assert.deepEqual(column("key of a listener").sort(), Object.keys(listener).sort());
});

Deno.test("the README and the help list the same options of socat's form", () => {
  const section = readme.slice(readme.indexOf("## In place of socat")).split("\n## ", 2)[0]!;
  const inReadme = [...section.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name!)
    .filter((name) => !["read-only", "-d"].includes(name));
  const inHelp = [...help("socat")!.split("\n\n")[1]!.matchAll(/\b([a-z-]+)=?(?=[,. ])/g)]
    .map(([, name]) => name!);
  assert.deepEqual([...new Set(inReadme)].filter((name) => !inHelp.includes(name)), []);
  assert.equal(new Set(inReadme).size, 10);
});
