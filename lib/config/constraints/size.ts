import { got } from "../got.ts";
import type { Parsed } from "../values.ts";

const POWERS: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4 };

/** Reads bytes: `2GiB`, `512m`, `1.5g`, a number. As with docker's `--memory`, every unit is a power of 1024. */
export function parseSize(value: string | number): Parsed<number> {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?([kmgt]?)i?b?$/i.exec(String(value)) ?? [];
  const bytes = Math.floor(Number(amount) * 1024 ** (POWERS[(unit ?? "").toLowerCase()] ?? NaN));
  return Number.isSafeInteger(bytes) && bytes > 0
    ? { value: bytes }
    : { problem: `must be a size like 2GiB, 512m or a number of bytes: ${got(value)}` };
}
