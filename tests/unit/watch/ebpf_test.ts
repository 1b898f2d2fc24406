import assert from "node:assert/strict";
import { statusBehind } from "../../../lib/linux/file.ts";
import { startEbpf } from "../../../lib/watch/ebpf.ts";
import type { ProcessId } from "../../../lib/watch/program.ts";
import { RealSockets } from "../../../lib/watch/real_sockets.ts";
import type { Follow, Found } from "../../../lib/watch/source.ts";

/** A bpftrace that is played: what it was started with, and how to make it speak and end. */
interface Played {
  readonly text: string;
  say(line: string, from?: "stdout" | "stderr"): void;
  end(code: number): void;
  stopped: boolean;
}

class Scene implements AsyncDisposable {
  readonly played: Played[] = [];
  readonly found: Found[] = [];
  readonly missed: string[] = [];
  readonly failed: string[] = [];
  ready = 0;
  own: ProcessId[] = [];
  readonly socket: string;
  readonly #folder: string;
  readonly #source: { stop(): Promise<void> };

  constructor(installed = true) {
    this.#folder = Deno.makeTempDirSync({ prefix: "pw-" });
    this.socket = `${this.#folder}/d.sock`;
    Deno.writeTextFileSync(this.socket, "");
    const follow: Follow = (_program, args, hear) => {
      if (!installed) return undefined;
      const { promise, resolve } = Promise.withResolvers<number>();
      const played: Played = {
        text: args.at(-1)!,
        say: (line, from = "stdout") => hear(line, from),
        end: resolve,
        stopped: false,
      };
      this.played.push(played);
      const stop = async () => {
        played.stopped = true;
        resolve(0);
        await promise;
      };
      return { ended: promise, stop };
    };
    this.#source = startEbpf(
      new RealSockets([this.socket]),
      {
        found: (found) => void this.found.push(found),
        ready: () => void this.ready++,
        missed: (message) => void this.missed.push(message),
        failed: (why) => void this.failed.push(why),
      },
      follow,
      () => this.own,
    );
  }

  /** A connection of this process's, as the first line of an accept and a connect tell it. */
  connection(peer: string): string {
    const status = statusBehind(this.socket)!;
    const [major, minor] = status.device.split(":").map(Number);
    const device = major! * (1 << 20) + minor!;
    return `C ${device} ${status.inode} ${peer} ${Deno.pid} ${Deno.pid} 0 ${Deno.ppid} 777 \\x64`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.stop();
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("a connection is found once, and ready is said once", async () => {
  await using scene = new Scene();
  const [bpftrace] = scene.played;
  bpftrace!.say("R");
  bpftrace!.say(scene.connection("ffff01"));
  bpftrace!.say(scene.connection("ffff01").replace(/ \d+ \d+ \d+ \\x64$/, "").replace(/^C/, "A"));
  assert.equal(scene.ready, 1);
  assert.deepEqual(scene.found.map(({ socket, pid, errno }) => [socket, pid, errno]), [
    [scene.socket, Deno.pid, 0],
  ]);
});

Deno.test("for another file or another Postern, a second bpftrace takes over when it is ready", async () => {
  await using scene = new Scene();
  const first = scene.played[0]!;
  first.say("R");
  first.say("T");
  assert.equal(scene.played.length, 1);
  scene.own = [{ pid: 4711, began: "99" }];
  first.say("T");
  first.say("T");
  assert.equal(scene.played.length, 2);
  const second = scene.played[1]!;
  assert.ok(second.text.includes("pid == 4711"));
  // Both see it; it counts once.
  second.say(scene.connection("ffff01"));
  first.say(scene.connection("ffff01"));
  assert.deepEqual([scene.found.length, first.stopped], [1, false]);
  second.say("R");
  // What is on its way from the first one counts, and what both tell counts once.
  first.say(scene.connection("ffff02"));
  second.say(scene.connection("ffff03"));
  first.say(scene.connection("ffff03"));
  first.say(scene.connection("ffff04"));
  second.say(scene.connection("ffff04"));
  assert.deepEqual([scene.found.length, scene.ready], [4, 1]);
  while (!first.stopped) await settle();
  second.say(scene.connection("ffff05"));
  first.say(scene.connection("ffff05"));
  assert.equal(scene.found.length, 5);
  Deno.writeTextFileSync(`${scene.socket}.new`, "");
  Deno.renameSync(`${scene.socket}.new`, scene.socket);
  second.say("T");
  assert.equal(scene.played.length, 3);
  await settle();
  assert.deepEqual(scene.failed, []);
});

Deno.test("what was lost is told at once, then every few seconds, in sum", async () => {
  await using scene = new Scene();
  const [bpftrace] = scene.played;
  bpftrace!.say("Lost 3 events");
  for (let n = 0; n < 100; n++) bpftrace!.say("Lost 2 events", "stderr");
  assert.deepEqual(scene.missed, [
    "the kernel had no room for 3 lines about connections: too many at once",
  ]);
});

Deno.test("crowds of others' connections and refusals are told once a minute", async () => {
  await using scene = new Scene();
  const [bpftrace] = scene.played;
  bpftrace!.say("S 250 199");
  bpftrace!.say("S 300 300");
  assert.equal(scene.missed.length, 1);
  assert.match(scene.missed[0]!, /^50 connections to other sockets were not looked at/);
});

Deno.test("a bpftrace that ends is the end, with what it said; one that is missing, too", async () => {
  await using scene = new Scene();
  scene.played[0]!.say("Attaching 7 probes...");
  scene.played[0]!.say("ERROR: no", "stderr");
  scene.played[0]!.end(1);
  await settle();
  assert.deepEqual(scene.failed, [
    "bpftrace ended with 1; it said: Attaching 7 probes...\nERROR: no",
  ]);
  await using without = new Scene(false);
  assert.deepEqual(without.failed, ["bpftrace is not installed"]);
});
