import { leaveRoom, limitDescriptors } from "../support/process_facts.ts";
import type { RunningGate } from "../support/gate.ts";
import type { Random } from "../support/random.ts";
import type { SoakEngine } from "./engine.ts";

/** Descriptors that the gate may have when it may have enough. */
const ENOUGH = 10_000;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The policy of the soak's clients. Another `turn`, other rules: those who are connected are judged anew. */
export const policyText = (turn: number) =>
  `name: soak
allow:
  - containers: [inspect, logs, export, exec, stop, attach, archive-write]
constraints:
  containers.exec: { privileged: false, refused_env: [TURN_${turn}] }
  containers.stop: { containers: { label: [team=soak] } }
  containers.attach: none
  containers.archive-write: none
`;

/** What faults act on. */
export interface Stage {
  readonly gate: RunningGate;
  readonly engine: SoakEngine;
  readonly socket: string;
  readonly random: Random;
  readonly asRoot: boolean;
  turn: number;
}

/** What goes wrong, by name: each is over when it returns. */
export const faults: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  async "the engine restarted"({ engine, random }) {
    engine.stop();
    await pause(random.next() * 300);
    engine.start();
  },
  async "the engine died in mid-answer"({ engine, random }) {
    engine.mood = "dying";
    await pause(random.next() * 300);
    engine.mood = "well";
  },
  async "the engine hung"({ engine, random }) {
    engine.mood = "hanging";
    await pause(random.next() * 300);
    engine.mood = "well";
  },
  async "rules were reloaded"(stage) {
    await Deno.writeTextFile(`${stage.gate.directory}/soak.yaml`, policyText(++stage.turn % 5));
    Deno.kill(stage.gate.pid, "SIGHUP");
  },
  async "the socket was removed"({ socket }) {
    await Deno.remove(socket).catch(() => {});
  },
  async "the socket's mode was changed"({ socket }) {
    await Deno.chmod(socket, 0o777).catch(() => {});
  },
  async "descriptors ran out"({ gate, random, asRoot }) {
    if (!asRoot) return;
    await leaveRoom(gate.pid, Math.floor(random.next() * 3));
    await pause(random.next() * 200);
    await limitDescriptors(gate.pid, ENOUGH);
  },
  async "the audit file was moved"({ gate, turn, random }) {
    const { directory, pid } = gate;
    const name = `audit.jsonl.moved-${turn}-${Math.floor(random.next() * 2 ** 32)}`;
    await Deno.rename(`${directory}/audit.jsonl`, `${directory}/${name}`).catch(() => {});
    // Logrotate's word, or one that means nothing to the gate: then it finds out by itself.
    Deno.kill(pid, random.chance(0.5) ? "SIGHUP" : "SIGUSR1");
  },
};
