/** A line of audit.log(5). */
export interface AuditRecord {
  readonly type: string;
  /** What all records of one event have: `1700000000.123:456`. */
  readonly id: string;
  /** In milliseconds since 1970. */
  readonly time: number;
  /** As they stand there: quoted, in hexadecimal, or plain. */
  readonly fields: ReadonlyMap<string, string>;
}

const LINE = /^(?:node=\S+ )?type=(\S+) msg=audit\((([0-9]+)\.([0-9]{3}):[0-9]+)\):\s*(.*)$/s;
const FIELD = /([A-Za-z0-9_-]+)=("[^"]*"|\S*)/g;

/** Reads a line; undefined for what is none of the kernel's records. The kernel quotes or encodes whatever a process has chosen. */
export function readRecord(line: string): AuditRecord | undefined {
  // Behind a group separator, auditd repeats fields with names in the place of numbers (log_format = ENRICHED, auditd.conf(5)).
  const [own = ""] = line.split("\x1d", 1);
  const found = LINE.exec(own);
  if (found === null) return undefined;
  const [, type, id, seconds, milliseconds, rest] = found;
  const fields = new Map<string, string>();
  for (const [, name, value] of rest!.matchAll(FIELD)) {
    if (!fields.has(name!)) fields.set(name!, value!);
  }
  return {
    type: type!,
    id: id!,
    time: Number(seconds) * 1000 + Number(milliseconds),
    fields,
  };
}

/**
 * The bytes of a string that a process has chosen (audit_log_untrustedstring, kernel/audit.c): in quotes when they are printable,
 * else in hexadecimal. Undefined for `(null)` and `?`.
 */
export function untrusted(value: string | undefined): Uint8Array | undefined {
  if (value === undefined) return undefined;
  if (value.startsWith('"')) return new TextEncoder().encode(value.slice(1, -1));
  if (!/^(?:[0-9A-Fa-f]{2})+$/.test(value)) return undefined;
  return Uint8Array.from(value.match(/../g)!, (digits) => parseInt(digits, 16));
}

/** The same as text; what is no UTF-8 becomes U+FFFD. */
export function untrustedText(value: string | undefined): string | undefined {
  const bytes = untrusted(value);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
