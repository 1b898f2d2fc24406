// connect(2) without connect(2): an entry in io_uring's queue (io_uring(7)), which passes no tracepoint of system calls.

const SYS_SETUP = 425n;
const SYS_ENTER = 426n;
const GET_EVENTS = 1n;
const OP_CONNECT = 16;
const OFF_SQES = 0x10000000n;
const SINGLE_MMAP = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const ENTRY = 64;

/** 0 or the error's number; undefined where the kernel has no io_uring for us. */
export function ioUringConnect(path: string): number | undefined {
  const libc = Deno.dlopen("libc.so.6", {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
    mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
    munmap: { parameters: ["pointer", "usize"], result: "i32" },
    setup: { name: "syscall", parameters: ["i64", "i64", "buffer"], result: "i64" },
    enter: {
      name: "syscall",
      parameters: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"],
      result: "i64",
    },
  });
  const { socket, close, mmap, munmap, setup, enter } = libc.symbols;
  const parameters = new DataView(new ArrayBuffer(120));
  const ring = Number(setup(SYS_SETUP, 1n, new Uint8Array(parameters.buffer)));
  if (ring < 0) return undefined;
  const at = (offset: number) => parameters.getUint32(offset, true);
  if ((at(20) & SINGLE_MMAP) === 0) throw new Error("io_uring of before Linux 5.4");
  // struct io_uring_params: sq_off begins at 40, cq_off at 80; both rings are in one mapping.
  const sq = { tail: at(44), mask: at(48), array: at(64) };
  const cq = { entries: at(4), tail: at(84), mask: at(88), cqes: at(100) };
  const size = BigInt(Math.max(sq.array + 4 * at(0), cq.cqes + 16 * cq.entries));
  const map = (length: bigint, offset: bigint) => {
    const pointer = mmap(null, length, PROT_READ_WRITE, MAP_SHARED, ring, offset);
    const memory = Deno.UnsafePointerView.getArrayBuffer(pointer!, Number(length));
    return { pointer, view: new DataView(memory) };
  };
  const rings = map(size, 0n);
  const queue = map(BigInt(ENTRY), OFF_SQES);
  const fd = socket(AF_UNIX, SOCK_STREAM, 0);
  try {
    const address = new Uint8Array(110);
    new DataView(address.buffer).setUint16(0, AF_UNIX, true);
    address.set(new TextEncoder().encode(path), 2);
    const pointer = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(address)));
    queue.view.setUint8(0, OP_CONNECT);
    queue.view.setInt32(4, fd, true);
    queue.view.setBigUint64(8, BigInt(address.length), true);
    queue.view.setBigUint64(16, pointer, true);
    rings.view.setUint32(sq.array, 0, true);
    rings.view.setUint32(sq.tail, 1, true);
    const entered = enter(SYS_ENTER, BigInt(ring), 1n, 1n, GET_EVENTS, 0n, 0n);
    if (entered < 0) throw new Error("io_uring_enter failed");
    if (rings.view.getUint32(cq.tail, true) !== 1) throw new Error("io_uring told of no end");
    return Math.abs(rings.view.getInt32(cq.cqes + 8, true));
  } finally {
    close(fd);
    munmap(rings.pointer, size);
    munmap(queue.pointer, BigInt(ENTRY));
    close(ring);
    libc.close();
  }
}
