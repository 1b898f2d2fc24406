// size_t as the C library takes it. Deno's types ask for a bigint there, but a plain number does as well: so the type checker
// is told "u32" while the real width stays. A call with a number there never takes the runtime's short way into C: what is
// called for every request has no such argument, or a bigint that exists already.
const size = "usize" as unknown as "u32";

/** What is called for requests and connections. */
const called = {
  __errno_location: { parameters: [], result: "pointer" },
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  readv: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // The size_t as a pointer: see `sizeOf` in io.ts.
  recv: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  send: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  splice: {
    parameters: ["i32", "pointer", "i32", "pointer", "usize", "u32"],
    result: "i32",
  },
  writev: { parameters: ["i32", "buffer", "i32"], result: "i32" },
} satisfies Deno.ForeignLibraryInterface;

/** What is called now and then: each is looked up when it is called first. All of them would be a tenth of the time that a start takes. */
const seldomCalled = {
  access: { parameters: ["buffer", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  chmod: { parameters: ["buffer", "u32"], result: "i32" },
  chown: { parameters: ["buffer", "u32", "u32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  closedir: { parameters: ["pointer"], result: "i32" },
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  execve: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  fchmod: { parameters: ["i32", "u32"], result: "i32" },
  fchown: { parameters: ["i32", "u32", "u32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  getenv: { parameters: ["buffer"], result: "pointer" },
  getgrgid_r: { parameters: ["u32", "buffer", "buffer", size, "buffer"], result: "i32" },
  getgrgidOnThread: {
    name: "getgrgid_r",
    parameters: ["u32", "buffer", "buffer", size, "buffer"],
    result: "i32",
    nonblocking: true,
  },
  getgrouplist: { parameters: ["buffer", "u32", "buffer", "buffer"], result: "i32" },
  getgrnam_r: { parameters: ["buffer", "buffer", "buffer", size, "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpagesize: { parameters: [], result: "i32" },
  getpwnam_r: { parameters: ["buffer", "buffer", "buffer", size, "buffer"], result: "i32" },
  getpwuid_r: { parameters: ["u32", "buffer", "buffer", size, "buffer"], result: "i32" },
  getpwuidOnThread: {
    name: "getpwuid_r",
    parameters: ["u32", "buffer", "buffer", size, "buffer"],
    result: "i32",
    nonblocking: true,
  },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  inotify_add_watch: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  inotify_init1: { parameters: ["i32"], result: "i32" },
  lgetxattr: { parameters: ["buffer", "buffer", "buffer", size], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  mkdir: { parameters: ["buffer", "u32"], result: "i32" },
  mmap: { parameters: ["pointer", size, "i32", "i32", "i32", "i64"], result: "pointer" },
  munmap: { parameters: ["pointer", size], result: "i32" },
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  opendir: { parameters: ["buffer"], result: "pointer" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  poll: { parameters: ["buffer", size, "i32"], result: "i32" },
  pollOnThread: {
    name: "poll",
    parameters: ["buffer", size, "i32"],
    result: "i32",
    nonblocking: true,
  },
  prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
  read: { parameters: ["i32", "buffer", size], result: "i32" },
  readOnThread: {
    name: "read",
    parameters: ["i32", "buffer", size],
    result: "i32",
    nonblocking: true,
  },
  readdir: { parameters: ["pointer"], result: "pointer" },
  readlink: { parameters: ["buffer", "buffer", size], result: "i32" },
  rename: { parameters: ["buffer", "buffer"], result: "i32" },
  rmdir: { parameters: ["buffer"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", size, "i32", "buffer", "u32"], result: "i32" },
  setgroups: { parameters: [size, "buffer"], result: "i32" },
  setresgid: { parameters: ["u32", "u32", "u32"], result: "i32" },
  setresuid: { parameters: ["u32", "u32", "u32"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  signal: { parameters: ["i32", "pointer"], result: "i64" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  strlen: { parameters: ["pointer"], result: "i32" },
  syscall: { parameters: ["i64", "i64", "i64", "i64"], result: "i32" },
  syscallOfFour: {
    name: "syscall",
    parameters: ["i64", "i64", "i64", "i64", "i64"],
    result: "i32",
  },
  umask: { parameters: ["u32"], result: "u32" },
  unlink: { parameters: ["buffer"], result: "i32" },
  unsetenv: { parameters: ["buffer"], result: "i32" },
  write: { parameters: ["i32", "buffer", size], result: "i32" },
} satisfies Deno.ForeignLibraryInterface;

type Symbols<T extends Deno.ForeignLibraryInterface> = Deno.DynamicLibrary<T>["symbols"];

function open<T extends Deno.ForeignLibraryInterface>(interfaces: T): Symbols<T> {
  return Deno.dlopen("libc.so.6", interfaces).symbols;
}

function openWhenCalled<T extends Deno.ForeignLibraryInterface>(interfaces: T): Symbols<T> {
  const found: Record<string, unknown> = {};
  const getters = Object.entries(interfaces).map(([name, definition]) =>
    [name, { get: () => found[name] ??= open({ [name]: definition })[name] }] as const
  );
  return Object.defineProperties({}, Object.fromEntries(getters)) as Symbols<T>;
}

/**
 * The C library; the only other one that is ever opened is OpenSSL's (`openssl.ts`). A ssize_t comes back as `i32`: no transfer
 * here is anywhere near 2 GiB.
 */
export const libc: Symbols<typeof called> & Symbols<typeof seldomCalled> = Object.setPrototypeOf(
  open(called),
  openWhenCalled(seldomCalled),
);
