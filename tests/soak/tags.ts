import type { Random } from "../support/random.ts";

/** A tag begins with how many times it is told, in so many digits. */
const SIZE_DIGITS = 4;

/** Makes tags that nobody else makes: what is asked for, and what must come back. They can stand for a container's id. */
export class Tags {
  #count = 0;

  constructor(private readonly random: Random) {}

  /** A tag that is to be told so many times. */
  next(times: number): string {
    const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
    const salt = hex(Math.floor(this.random.next() * 2 ** 32), 8);
    return hex(times, SIZE_DIGITS) + hex(this.#count++, 8) + salt;
  }
}

/** A tag as it stands in a target, `/containers/TAG/json`, or as the id that the engine makes of it. */
export const tagPattern = /\/containers\/([0-9a-f]{20})0*(?=\/)/;

/** What the engine tells of a tag. */
export function told(tag: string): string {
  return `${tag} `.repeat(parseInt(tag.slice(0, SIZE_DIGITS), 16));
}

/** The container of a tag, with the label that the soak's policy asks for. */
export function about(tag: string): string {
  const Config = { Labels: { team: "soak" } };
  return JSON.stringify({ Id: tag.padEnd(64, "0"), Name: `/${tag}`, Config, told: told(tag) });
}
