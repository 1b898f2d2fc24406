// Programs for i386 without a compiler: an ELF file with one segment that opens a unix socket, connects it to a path, and ends
// with the errno of connect(2).

const BASE = 0x08048000;
const HEADERS = 52 + 32;

/** Which way in: the calls of their own that Linux has had since 4.3, or socketcall(2), as older libraries. */
export type Way = "connect" | "socketcall";

/** The bytes of such a program. */
export function i386Connect(path: string, way: Way): Uint8Array<ArrayBuffer> {
  const code = codeFor(way);
  const data = BASE + HEADERS + code(0).length;
  const text = new TextEncoder().encode(path);
  const memory = new Uint8Array(DATA + 110);
  const view = new DataView(memory.buffer);
  // socket(AF_UNIX, SOCK_STREAM, 0), connect(fd, address, length), then the address itself.
  [1, 1, 0, 0, data + DATA, 110].forEach((value, i) => view.setUint32(i * 4, value, true));
  view.setUint16(DATA, 1, true);
  memory.set(text, DATA + 2);
  const body = [...code(data), ...memory];
  return new Uint8Array([...headers(body.length), ...body]);
}

const DATA = 24;
const CONNECT_ARGUMENTS = 12;

const word = (value: number) => [value, value >> 8, value >> 16, value >> 24].map((n) => n & 0xff);
const half = (value: number) => word(value).slice(0, 2);
const set = { eax: 0xb8, ecx: 0xb9, edx: 0xba, ebx: 0xbb };
const move = (to: keyof typeof set, value: number) => [set[to], ...word(value)];
const call = [0xcd, 0x80];

function codeFor(way: Way): (data: number) => number[] {
  // The answer is 0 or -errno: neg eax; mov ebx, eax; _exit.
  const end = [0xf7, 0xd8, 0x89, 0xc3, ...move("eax", 1), ...call];
  if (way === "connect") {
    return (data) => [
      ...[...move("ebx", 1), ...move("ecx", 1), ...move("edx", 0), ...move("eax", 359), ...call],
      // mov ebx, eax
      ...[0x89, 0xc3],
      ...[...move("ecx", data + DATA), ...move("edx", 110), ...move("eax", 362), ...call],
      ...end,
    ];
  }
  return (data) => [
    ...[...move("ebx", 1), ...move("ecx", data), ...move("eax", 102), ...call],
    // mov [first argument of connect], eax
    ...[0xa3, ...word(data + CONNECT_ARGUMENTS)],
    ...[...move("ebx", 3), ...move("ecx", data + CONNECT_ARGUMENTS), ...move("eax", 102), ...call],
    ...end,
  ];
}

/** elf(5): the file's header and one loadable segment with all rights. */
function headers(length: number): number[] {
  const size = HEADERS + length;
  return [
    ...[0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[...half(2), ...half(3), ...word(1), ...word(BASE + HEADERS), ...word(52), ...word(0)],
    ...[...word(0), ...half(52), ...half(32), ...half(1), ...half(0), ...half(0), ...half(0)],
    ...[...word(1), ...word(0), ...word(BASE), ...word(BASE), ...word(size), ...word(size)],
    ...[...word(7), ...word(0x1000)],
  ];
}
