// size_t as the C library takes it. Deno's types ask for a bigint there, but a plain number does as well: so the type checker
// is told "u32" while the real width stays. A call with a number there never takes the runtime's short way into C: what is
// called for every request has no such argument, or a bigint that exists already.
const size = "usize" as unknown as "u32";

/**
 * The only dlopen of the project. A ssize_t comes back as `i32`: no transfer here is anywhere near 2 GiB.
 */
export const libc = Deno.dlopen("libc.so.6", {
  __errno_location: { parameters: [], result: "pointer" },
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  chmod: { parameters: ["buffer", "u32"], result: "i32" },
  chown: { parameters: ["buffer", "u32", "u32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  fchmod: { parameters: ["i32", "u32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  getgrgid_r: { parameters: ["u32", "buffer", "buffer", size, "buffer"], result: "i32" },
  getgrouplist: { parameters: ["buffer", "u32", "buffer", "buffer"], result: "i32" },
  getgrnam_r: { parameters: ["buffer", "buffer", "buffer", size, "buffer"], result: "i32" },
  getpwnam_r: { parameters: ["buffer", "buffer", "buffer", size, "buffer"], result: "i32" },
  getpwuid_r: { parameters: ["u32", "buffer", "buffer", size, "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  poll: { parameters: ["buffer", size, "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", size], result: "i32" },
  readv: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  readlink: { parameters: ["buffer", "buffer", size], result: "i32" },
  sendto: { parameters: ["i32", "buffer", size, "i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  signal: { parameters: ["i32", "pointer"], result: "i64" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  splice: {
    parameters: ["i32", "pointer", "i32", "pointer", "usize", "u32"],
    result: "i32",
  },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  syscall: { parameters: ["i64", "i64", "i64", "i64"], result: "i32" },
  writev: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", size], result: "i32" },
}).symbols;
