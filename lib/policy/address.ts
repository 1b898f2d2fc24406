/** An address's bytes: 4 for IPv4, 16 for IPv6. */
export type AddressBytes = readonly number[];

/** All addresses that begin with the same bits. Plain data. */
export interface AddressRange {
  readonly bytes: AddressBytes;
  /** As many of them count. */
  readonly bits: number;
}

/** `::ffff:0:0/96`: IPv4 as an IPv6 socket sees it (RFC 4291 §2.5.5.2). */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** Reads an address; one of IPv4 in IPv6's clothes is the one of IPv4. Undefined when it is none, or has a zone. */
export function parseAddress(text: string): AddressBytes | undefined {
  const bytes = text.includes(":") ? ofIpv6(text) : ofIpv4(text);
  return bytes === undefined ? undefined : folded(bytes);
}

/** Reads `172.18.0.0/16` or a single address; undefined when it is neither, or bits are set behind the prefix. */
export function parseRange(text: string): AddressRange | undefined {
  const [, address, prefix] = /^([0-9a-fA-F.:]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text) ?? [];
  if (address === undefined) return undefined;
  const written = address.includes(":") ? ofIpv6(address) : ofIpv4(address);
  if (written === undefined) return undefined;
  const bytes = folded(written);
  // `::ffff:10.0.0.0/104` means 10.0.0.0/8; a prefix that reaches out of what is mapped means no addresses of IPv4.
  const bits = prefix === undefined
    ? bytes.length * 8
    : Number(prefix) - (written.length - bytes.length) * 8;
  if (bits < 0 || bits > bytes.length * 8) return undefined;
  const clean = bytes.every((byte, at) => (byte & ~maskAt(bits, at) & 0xff) === 0);
  return clean ? { bytes, bits } : undefined;
}

/** Whether an address is in a range; never across the two families. */
export function isWithin(address: AddressBytes, { bytes, bits }: AddressRange): boolean {
  return address.length === bytes.length &&
    address.every((byte, at) => ((byte ^ bytes[at]!) & maskAt(bits, at)) === 0);
}

/** `127.0.0.0/8` and `::1`: nobody but this machine has them. */
export function isLoopback(address: AddressBytes): boolean {
  return address.length === 4
    ? address[0] === 127
    : address.every((byte, at) => byte === (at === 15 ? 1 : 0));
}

/** `fe80::/10`: everybody on the same link can take one. */
export function isLinkLocal(address: AddressBytes): boolean {
  return address.length === 16
    ? address[0] === 0xfe && (address[1]! & 0xc0) === 0x80
    : address[0] === 169 && address[1] === 254;
}

/** As text, in the one way that RFC 5952 has for it. */
export function formatAddress(bytes: AddressBytes): string {
  const plain = folded(bytes);
  if (plain.length === 4) return plain.join(".");
  const words = Array.from({ length: 8 }, (_, n) => (plain[2 * n]! << 8) | plain[2 * n + 1]!);
  const { start, length } = longestZeros(words);
  const hex = (some: readonly number[]) => some.map((word) => word.toString(16)).join(":");
  return length < 2
    ? hex(words)
    : `${hex(words.slice(0, start))}::${hex(words.slice(start + length))}`;
}

function folded(bytes: AddressBytes): AddressBytes {
  return bytes.length === 16 && MAPPED.every((byte, at) => byte === bytes[at])
    ? bytes.slice(12)
    : bytes;
}

function maskAt(bits: number, at: number): number {
  const here = Math.min(8, Math.max(0, bits - at * 8));
  return (0xff << (8 - here)) & 0xff;
}

function longestZeros(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start++) {
    let length = 0;
    while (words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** Four decimal numbers: no octal, no short forms, which programs read differently. */
function ofIpv4(text: string): number[] | undefined {
  const parts = text.split(".");
  const isByte = (part: string) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255;
  return parts.length === 4 && parts.every(isByte) ? parts.map(Number) : undefined;
}

function ofIpv6(text: string): number[] | undefined {
  const [, lead, tail] = /^(.*:)([0-9]+\.[0-9.]+)$/.exec(text) ?? [];
  const last = tail === undefined ? undefined : ofIpv4(tail);
  if (tail !== undefined && last === undefined) return undefined;
  const plain = last === undefined
    ? text
    : `${lead}${((last[0]! << 8) | last[1]!).toString(16)}:${
      ((last[2]! << 8) | last[3]!).toString(16)
    }`;
  const halves = plain.split("::");
  if (halves.length > 2) return undefined;
  const [front, back] = halves.map((half) => half === "" ? [] : half.split(":"));
  const words = [...front!, ...back ?? []];
  if (!words.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word))) return undefined;
  const missing = 8 - words.length;
  if (back === undefined ? missing !== 0 : missing < 1) return undefined;
  const whole = back === undefined
    ? words
    : [...front!, ...Array<string>(missing).fill("0"), ...back];
  return whole.flatMap((word) => [parseInt(word, 16) >> 8, parseInt(word, 16) & 0xff]);
}
