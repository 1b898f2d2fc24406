// The system calls of the gate and its runtime, found by strace -f over a load of everything that it does: hijacked streams, long
// bodies, reloads, rotation, becoming another user, Landlock (tests/e2e/harden_container_test.ts runs under it).

/** Starting, memory, threads, time and randomness: glibc, V8 and the runtime's own. */
const runtime =
  `arch_prctl brk capget capset clock_getres clock_gettime clock_nanosleep clone execve exit exit_group futex
  get_robust_list getcpu getcwd getegid geteuid getgid getgroups getpid getppid getrandom getresgid getresuid getrlimit getrusage
  gettid gettimeofday getuid kill madvise membarrier mmap mprotect mremap munmap nanosleep pkey_alloc pkey_free pkey_mprotect prctl
  prlimit64 restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigtimedwait sched_get_priority_max
  sched_get_priority_min sched_getaffinity sched_getparam sched_getscheduler sched_setaffinity sched_yield set_robust_list
  set_tid_address setrlimit sigaltstack sysinfo tgkill uname`;

/** Files, and being told of their changes. */
const files =
  `access chmod chown close close_range dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate fchmod fchmodat fchown
  fchownat fcntl fdatasync flock fstat fstatfs fsync ftruncate getdents64 inotify_add_watch inotify_init1 inotify_rm_watch ioctl
  lseek lstat mkdir mkdirat newfstatat open openat openat2 pread64 pwrite64 read readlink readlinkat readv rename renameat
  renameat2 stat statfs statx umask unlink unlinkat utimensat write writev`;

/** Waiting, and what is relayed. */
const relay =
  `accept4 bind connect epoll_create1 epoll_ctl epoll_pwait epoll_wait eventfd2 getpeername getsockname getsockopt
  listen pidfd_open pidfd_send_signal pipe2 poll ppoll recvfrom recvmsg sendmmsg sendmsg sendto setsockopt shutdown splice`;

/** Giving up what is not needed. */
const confinement =
  `landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp setgid setgroups setregid
  setresgid setresuid setreuid setuid`;

const names = (text: string) => text.trim().split(/\s+/);

/** What clone(2) must not make: namespaces (the CLONE_NEW flags of linux/sched.h). */
const NAMESPACES = 0x7e020000;
const AF_UNIX = 1;
const EPERM = 1;
const ENOSYS = 38;

/** A profile as Docker and Podman take it: what is named is allowed, everything else answers EPERM. */
export function seccompProfile(): string {
  const allow = (more: object) => ({ action: "SCMP_ACT_ALLOW", ...more });
  const profile = {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: EPERM,
    // Programs of other kinds, for i386 on x86-64, have no calls at all.
    archMap: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"].map((architecture) => ({
      architecture,
      subArchitectures: [],
    })),
    syscalls: [
      allow({
        names: names([runtime, files, relay, confinement].join(" ")).filter((n) => n !== "clone"),
      }),
      allow({
        names: ["clone"],
        args: [{ index: 0, value: NAMESPACES, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
      }),
      // Its flags are in memory, where a filter cannot look; the C library goes on with clone(2) then.
      { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS },
      allow({
        names: ["socket", "socketpair"],
        args: [{ index: 0, value: AF_UNIX, op: "SCMP_CMP_EQ" }],
      }),
    ],
  };
  return JSON.stringify(profile, undefined, 2) + "\n";
}
