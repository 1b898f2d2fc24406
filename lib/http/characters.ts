/** Byte classes of RFC 9110 §5.6.2 and RFC 9112, one table look-up a byte. */
const TOKEN = 1;
const TARGET = 2;
const VALUE = 4;
const DIGIT = 8;

const classes = new Uint8Array(256);
for (let byte = 0x21; byte <= 0x7e; byte++) classes[byte]! |= TARGET;
for (let byte = 0x20; byte <= 0xff; byte++) if (byte !== 0x7f) classes[byte]! |= VALUE;
classes[0x09]! |= VALUE;
for (let byte = 0x30; byte <= 0x39; byte++) classes[byte]! |= DIGIT;
const token = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
for (const character of token) classes[character.charCodeAt(0)]! |= TOKEN;

export const SP = 0x20;
export const HTAB = 0x09;
export const CR = 0x0d;
export const LF = 0x0a;
export const COLON = 0x3a;

/** tchar: what methods and field names are made of. */
export function isToken(byte: number): boolean {
  return (classes[byte]! & TOKEN) !== 0;
}

/** Printable ASCII without the space: all that a request target may hold. */
export function isTarget(byte: number): boolean {
  return (classes[byte]! & TARGET) !== 0;
}

/** Field content: everything but control bytes; the tab is allowed (RFC 9110 §5.5). */
export function isValue(byte: number): boolean {
  return (classes[byte]! & VALUE) !== 0;
}

export function isDigit(byte: number): boolean {
  return (classes[byte]! & DIGIT) !== 0;
}

/** The value of a hexadecimal digit, or -1. */
export function hexValue(byte: number): number {
  if (isDigit(byte)) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** `0x0a` for a byte in a message. */
export function showByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}

/** The bytes from `start` to `end` as a string of the same length, a character a byte. */
export function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}
