import assert from "node:assert/strict";
import { LocalNames, namesIn } from "../../../lib/peer/local_names.ts";
import { NameCache, type NameQuestion } from "../../../lib/peer/names.ts";
import { NameService } from "../../../lib/peer/name_service.ts";

const UNKNOWN = 3_999_999_999;

Deno.test("what local files list is a name at once, and nobody is asked", () => {
  const names = new NameCache(() => assert.fail("asked"));
  assert.equal(names.user(0), "root");
  assert.equal(names.group(0), "root");
});

Deno.test("for what they do not list there is no name until the service has said one", () => {
  const asked: NameQuestion[] = [];
  const names = new NameCache((question) => asked.push(question));
  for (let n = 0; n < 3; n++) assert.equal(names.user(UNKNOWN), undefined);
  assert.equal(names.group(UNKNOWN), undefined);
  assert.deepEqual(asked, [{ kind: "user", id: UNKNOWN }, { kind: "group", id: UNKNOWN }]);
  names.learn(asked[0]!, "dirk");
  assert.equal(names.user(UNKNOWN), "dirk");
  assert.equal(names.group(UNKNOWN), undefined);
  assert.equal(asked.length, 2);
});

Deno.test("names in files are those that getpwuid finds: the first of an id, and no line of NIS", () => {
  const text =
    "a:x:0:0:::\nb:x:0:0:::\n#c:x:3:\n+d:x:4:\n-e::5:\nf:x:12345678901:\ng:x:7\nh:x::\n" +
    "no line\n:x:8:\nlast:x:4294967295:4294967295::/:/bin/sh";
  assert.deepEqual([...namesIn(text)], [[0, "a"], [7, "g"], [4294967295, "last"]]);
});

Deno.test("a file that is not there lists nobody, and one that comes later is read", async () => {
  const directory = await Deno.makeTempDir();
  const names = new LocalNames(`${directory}/passwd`);
  assert.equal(names.name(0), undefined);
  await Deno.writeTextFile(`${directory}/passwd`, "late:x:0:0::/:/bin/sh\n");
  while (names.name(0) === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(names.name(0), "late");
  await Deno.remove(directory, { recursive: true });
});

Deno.test("four questions are under way at a time, so many wait, and more are dropped", async () => {
  const open: ((name: string) => void)[] = [];
  const service = new NameService(() => new Promise((resolve) => open.push(resolve)));
  let answers = 0;
  for (let id = 0; id < 1000; id++) service.ask({ kind: "user", id }, () => answers++);
  assert.equal(open.length, 4);
  for (let answered = 0; answered < open.length; answered++) {
    open[answered]!("name");
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.equal(answers, 260);
  service.ask({ kind: "user", id: 1 }, () => answers++);
  open.at(-1)!("name");
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(answers, 261);
});

Deno.test("the machine's own service is asked on another thread", async () => {
  const service = new NameService();
  const ask = (question: NameQuestion) => new Promise((resolve) => service.ask(question, resolve));
  assert.equal(await ask({ kind: "user", id: 0 }), "root");
  assert.equal(await ask({ kind: "group", id: 0 }), "root");
  assert.equal(await ask({ kind: "user", id: UNKNOWN }), undefined);
});
