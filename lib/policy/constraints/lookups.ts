import { type Denial, refused } from "./finding.ts";
import type { Answer, Lookup } from "./types.ts";
import { shown } from "./wording.ts";

/** One part of a judgement: it asks, and ends with what is against the request, or nothing. */
export type Judgement = Generator<Lookup, Denial | undefined, Answer>;

/** An object as the engine tells it. */
export type Told = Readonly<Record<string, unknown>>;

export function isTold(value: unknown): value is Told {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An existing container, by its only name that cannot come to mean another. */
export interface FoundContainer {
  readonly ok: true;
  readonly id: string;
  /** Without its slash. */
  readonly name: string;
  readonly told: Told;
}

/**
 * The container that the engine means by a name, an id or the beginning of one. `a/b` is somebody's link alias, and not asked for.
 */
export function* findContainer(
  written: string,
): Generator<Lookup, FoundContainer | Denial, Answer> {
  const name = written.startsWith("/") ? written.slice(1) : written;
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
    // No container is called node:20, and `docker inspect node:20` goes on to the image when it hears that.
    if (/^[\w.:@-]+$/.test(name)) return refused(404, `No such container: ${name}`);
    return refused(400, `${shown(written)} is not a container's name`);
  }
  const answer = yield { kind: "container", name };
  if ("absent" in answer) return refused(404, answer.absent);
  if ("failed" in answer) return refused(502, answer.failed);
  const told = answer.found;
  if (isTold(told) && typeof told["Id"] === "string" && typeof told["Name"] === "string") {
    const { Id: id, Name: own } = told as { Id: string; Name: string };
    if (/^[0-9a-f]{64}$/.test(id)) {
      return { ok: true, id, name: own.startsWith("/") ? own.slice(1) : own, told };
    }
  }
  return refused(502, `the engine does not say which container ${shown(name)} is`);
}
