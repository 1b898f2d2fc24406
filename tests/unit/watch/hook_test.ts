import assert from "node:assert/strict";
import { commandWords, facts, Hook, type Tell } from "../../../lib/watch/hook.ts";
import type { Sighting } from "../../../lib/watch/sighting.ts";

const seen: Sighting = {
  time: Date.UTC(2026, 0, 2, 3, 4, 5),
  bypass: true,
  socket: "/run/docker.sock",
  errno: 0,
  pid: 4711,
  uid: 1000,
  comm: "a\nb",
  command: ["$(reboot)", "`x`", "nul\0l"],
  by: "file",
};

Deno.test("the facts are in the environment, one variable each, whatever they hold", () => {
  assert.deepEqual(facts(seen), {
    POSTERN_TIME: "2026-01-02T03:04:05.000Z",
    POSTERN_SOCKET: "/run/docker.sock",
    POSTERN_RESULT: "connected",
    POSTERN_UID: "1000",
    POSTERN_USER: "",
    POSTERN_PID: "4711",
    POSTERN_COMM: "a\nb",
    POSTERN_EXE: "",
    POSTERN_COMMAND: "$(reboot) `x` nul l",
    POSTERN_CONTAINER: "",
    POSTERN_PARENT_PID: "",
    POSTERN_PARENT_EXE: "",
  });
});

const lines: readonly [text: string, words: string[] | undefined][] = [
  ["logger -t postern", ["logger", "-t", "postern"]],
  ["  mail   -s 'a bypass' root ", ["mail", "-s", "a bypass", "root"]],
  [`a'b c'"d 'e"f`, ["ab cd 'ef"]],
  ["x '' \"\"", ["x", "", ""]],
  ["notify $HOME ; `id` && *", ["notify", "$HOME", ";", "`id`", "&&", "*"]],
  ["", []],
  ["x 'y", undefined],
  ['x "y', undefined],
];

for (const [text, words] of lines) {
  Deno.test(`--exec ${JSON.stringify(text)} is ${JSON.stringify(words) ?? "a mistake"}`, () => {
    assert.deepEqual(commandWords(text), words);
  });
}

/** Commands that end when they are told to. */
function commands() {
  const running: ((code: number | undefined) => void)[] = [];
  const inputs: string[] = [];
  const tell: Tell = (_words, _env, stdin) => {
    inputs.push(stdin);
    return new Promise((resolve) => running.push(resolve));
  };
  return { running, inputs, tell };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("four commands run at once, the next when one has ended", async () => {
  const { running, inputs, tell } = commands();
  const hook = new Hook(["x"], tell, assert.fail);
  for (let pid = 1; pid <= 6; pid++) hook.run({ ...seen, pid });
  assert.equal(running.length, 4);
  running[1]!(0);
  await settle();
  assert.equal(running.length, 5);
  assert.equal(JSON.parse(inputs[4]!).pid, 5);
  for (let n = 0; n < 6; n++) {
    running[n]!(0);
    await settle();
  }
  await hook.close();
});

Deno.test("a crowd fills no memory: a hundred wait, and those that are left out are counted", async () => {
  const { running, tell } = commands();
  const said: string[] = [];
  const hook = new Hook(["x"], tell, (message) => said.push(message));
  for (let n = 0; n < 150; n++) hook.run(seen);
  for (let n = 0; n < 104; n++) {
    running[n]!(0);
    await settle();
  }
  assert.equal(running.length, 104);
  assert.deepEqual(said, ["--exec was not run for 46 bypasses: too many at once"]);
  await hook.close();
});

Deno.test("a command that is missing, fails or cannot be started is told of, and the next one runs", async () => {
  const said: string[] = [];
  const answers = [undefined, 7, new Error("no more processes"), 0];
  const tell: Tell = async () => {
    await Promise.resolve();
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const hook = new Hook(["/x/y"], tell, (message) => said.push(message));
  for (let n = 0; n < 4; n++) hook.run(seen);
  await hook.close();
  assert.deepEqual(said, [
    "--exec /x/y: there is no such program",
    "--exec /x/y ended with 7",
    "--exec /x/y: no more processes",
  ]);
});

Deno.test("at the end, running commands are waited for, and waiting ones are not started", async () => {
  const { running, tell } = commands();
  const hook = new Hook(["x"], tell, assert.fail);
  for (let n = 0; n < 6; n++) hook.run(seen);
  let over = false;
  const closing = hook.close().then(() => over = true);
  for (const end of running.slice(0, 3)) end(0);
  await settle();
  assert.equal(over, false);
  running[3]!(0);
  await closing;
  assert.equal(running.length, 4);
});
