import { CommandError } from "./request.ts";

const powers = ["", "k", "m", "g", "t", "p"];

/** Bytes as docker reads them (go-units RAMInBytes): `512m`, `1.5g`, `1GiB`; -1 where the flag means no limit. */
export function bytes(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === "-1") return -1;
  const match = /^(\d+(?:\.\d+)*) ?([kmgtp]?)(?:i?b)?$/i.exec(text);
  if (match === null) throw wrong(flag, "a size like 512m", text);
  return Math.trunc(Number(match[1]) * 1024 ** powers.indexOf(match[2]!.toLowerCase()));
}

/** Nanoseconds of a Go duration: `1m30s`, `500ms`. */
export function nanoseconds(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const factors: Record<string, number> = {
    ns: 1,
    us: 1e3,
    "µs": 1e3,
    ms: 1e6,
    s: 1e9,
    m: 60e9,
    h: 3600e9,
  };
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text) && text !== "0") {
    throw wrong(flag, "a duration like 1m30s", text);
  }
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g);
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * factors[unit!]!, 0);
}

/** Processors as NanoCpus: `1.5` → 1500000000. */
export function nanoCpus(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d*\.?\d+$/.test(text)) throw wrong(flag, "a number of processors like 1.5", text);
  return Math.round(Number(text) * 1e9);
}

export function integer(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^-?\d+$/.test(text)) throw wrong(flag, "a whole number", text);
  return Number(text);
}

export function wrong(flag: string, wanted: string, got: string): CommandError {
  return new CommandError(`${flag} takes ${wanted}, got ${JSON.stringify(got)}`);
}

/** Fields separated by commas, as Go's encoding/csv reads one record: quotes keep a comma inside. */
export function commaSeparated(flag: string, text: string): string[] {
  const fields = [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))(?=,|$)/g)];
  const length = fields.reduce((sum, [whole]) => sum + whole.length, 0);
  if (length !== text.length) throw wrong(flag, "fields separated by commas", text);
  return fields.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!);
}
