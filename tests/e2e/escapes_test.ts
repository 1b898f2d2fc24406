// Escapes: every request of the table would give its sender the host, or what is not the sender's. The engine takes it, the
// gate does not, the engine stays as it was, and a harmless twin passes.
import assert from "node:assert/strict";
import { engineSocket, engineTest } from "../support/docker.ts";
import { RunningGate } from "../support/gate.ts";
import { escapes } from "./escapes/all.ts";
import { policyFiles } from "./escapes/policies.ts";
import { fill, type Reply, send } from "./escapes/send.ts";
import { Stage } from "./escapes/stage.ts";
import type { Call, Denied, Escape, Shown } from "./escapes/table.ts";

const count = Object.values(escapes).reduce((sum, rows) => sum + rows.length, 0);

Deno.test("the table holds at least 150 escapes, and no name twice", () => {
  const names = Object.values(escapes).flat().map(({ name }) => name);
  assert.ok(count >= 150, String(count));
  assert.deepEqual(names.filter((name, n) => names.indexOf(name) !== n), []);
});

/** Where the engine shows what a call has made, `$name` in it; undefined where nothing is made. */
function madeBy({ path }: Call): string | undefined {
  const { pathname, searchParams } = new URL(path, "http://d");
  if (pathname.endsWith("/containers/create")) return "/containers/$name/json";
  if (pathname.endsWith("/volumes/create")) return "/volumes/$name";
  if (pathname.endsWith("/networks/create")) return "/networks/$name";
  const image = searchParams.get("repo") ??
    (pathname.endsWith("/build") ? searchParams.get("t") : null);
  return image === null ? undefined : `/images/${image}/json`;
}

function holds(shown: unknown, wanted: Shown, words: ReadonlyMap<string, string>): void {
  if (wanted instanceof RegExp) return assert.match(JSON.stringify(shown), wanted);
  const { HostConfig } = shown as { HostConfig: Record<string, unknown> };
  const filled = JSON.parse(fill(JSON.stringify(wanted), words));
  for (const [field, value] of Object.entries(filled)) {
    const shows = `${field} is ${JSON.stringify(HostConfig[field])}`;
    assert.deepEqual(HostConfig[field], value, shows);
  }
}

const accepted = ({ status }: Reply) => status === 101 || (status >= 200 && status < 300);

async function prepare(stage: Stage, socket: string, row: Escape, words: Map<string, string>) {
  for (const call of row.before) {
    const reply = await send(call.direct ? engineSocket : socket, call, words);
    assert.ok(accepted(reply), `before: ${JSON.stringify(reply)}`);
  }
  return await stage.state();
}

engineTest("each attempt is real: the engine itself accepts it", async (t) => {
  await using stage = await Stage.build();
  for (const [subject, rows] of Object.entries(escapes)) {
    await t.step(subject, async () => {
      const wrong: string[] = [];
      for (const row of rows) {
        if (row.notHere === "elsewhere" || row.notHere === "newer") continue;
        const words = stage.named();
        try {
          await prepare(stage, engineSocket, row, words);
          const reply = await send(engineSocket, row.attempt, words);
          const wanted = row.notHere === undefined;
          assert.equal(accepted(reply), wanted, JSON.stringify(reply));
          if (!wanted) continue;
          const where = madeBy(row.attempt);
          if (where === undefined) continue;
          const made = await stage.get(fill(where, words));
          assert.ok(made !== undefined, `nothing at ${where}`);
          if (row.shows !== undefined) holds(made, row.shows, words);
        } catch (error) {
          wrong.push(`${row.name}: ${(error as Error).message}`);
        } finally {
          await stage.clear(row.attempt, words.get("name")!);
          if (row.policy === "team") await stage.mend();
        }
      }
      if (wrong.length > 0) assert.fail(wrong.join("\n"));
    });
  }
});

function isDenied({ status, body }: Reply, denied: Denied | readonly Denied[]): void {
  const ways = [denied].flat() as Denied[];
  const is = (way: Denied) =>
    typeof way === "number" ? status === way : status === 403 && body.includes(`: ${way}: `);
  assert.ok(ways.some(is), `wanted ${ways.join(" or ")}, got ${status} ${body}`);
  assert.match(body, /^\{"message":"postern: /);
}

async function twinPasses(stage: Stage, socket: string, row: Escape): Promise<void> {
  const words = stage.named();
  try {
    for (const call of row.twinBefore) await send(engineSocket, call, words);
    const reply = await send(socket, row.twin, words);
    const passed = row.notHere === "swarm" ? reply.status === 503 : accepted(reply);
    assert.ok(passed, `the twin: ${JSON.stringify(reply)}`);
    const where = madeBy(row.twin);
    if (where === undefined || row.notHere === "swarm") return;
    assert.ok(await stage.get(fill(where, words)) !== undefined, `the twin is not at ${where}`);
  } finally {
    await stage.clear(row.twin, words.get("name")!);
  }
}

engineTest(
  `${count} escapes are denied, the engine stays as it was, and their twins pass`,
  async (t) => {
    await using stage = await Stage.build();
    await using gate = await RunningGate.serve({
      upstream: engineSocket,
      listeners: [
        { socket: "DIR/safe.sock", policy: "safe" },
        { socket: "DIR/team.sock", policy: "team" },
      ],
      policies: "DIR/policies/",
    }, policyFiles(stage.directory));
    for (const [subject, rows] of Object.entries(escapes)) {
      for (const row of rows) {
        await t.step(`${subject}: ${row.name}`, async () => {
          const socket = `${gate.directory}/${row.policy}.sock`;
          const words = stage.named();
          let denied = false;
          try {
            const before = await prepare(stage, socket, row, words);
            isDenied(await send(socket, row.attempt, words), row.denied);
            assert.deepEqual(await stage.state(), before);
            denied = true;
          } finally {
            if (!denied || row.before.length > 0) {
              await stage.clear(row.attempt, words.get("name")!);
              await stage.mend();
            }
          }
          await twinPasses(stage, socket, row);
        });
      }
    }
  },
);
