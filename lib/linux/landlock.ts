import { addressOf } from "./bytes.ts";
import { EACCES, errno, SystemError } from "./errno.ts";
import { statusOfDescriptor } from "./file.ts";
import { close, O_DIRECTORY, O_PATH, O_RDONLY, open } from "./io.ts";
import { libc } from "./libc.ts";
import { renounceNewPrivileges } from "./prctl.ts";

// Calls from 424 on have the same number everywhere.
const SYS_CREATE_RULESET = 444n;
const SYS_ADD_RULE = 445n;
const SYS_RESTRICT_SELF = 446n;
const VERSION = 1n;
const PATH_BENEATH = 1n;

// Rights to files, in the order in which versions of the interface brought them (linux/landlock.h). Not among them: execute,
// which seccomp(2) forbids, ioctl(2) on devices, and to connect to sockets, which no kernel before version 9 can refuse by path.
const WRITE_FILE = 1n << 1n;
const READ_FILE = 1n << 2n;
const READ_DIR = 1n << 3n;
const REMOVE_FILE = 1n << 5n;
const MAKE_REG = 1n << 8n;
const MAKE_SOCK = 1n << 9n;
const TRUNCATE = 1n << 14n;
/** Everything about names: removing and making them, from REMOVE_DIR to MAKE_SYM. */
const NAMES = 0x1ff0n;

const OF_FILES = WRITE_FILE | READ_FILE | TRUNCATE;
const READ = READ_FILE | READ_DIR;
const WRITE = READ | WRITE_FILE | TRUNCATE | REMOVE_FILE | MAKE_REG | MAKE_SOCK;

/** The version of the kernel's interface (landlock(7)), 0 where there is none. */
export function landlockVersion(): number {
  return Math.max(0, libc.syscall(SYS_CREATE_RULESET, 0n, 0n, VERSION));
}

/** Whether the calling thread is kept from opening `/`, which `restrictThread` never allows unless it is told to. */
export function isRestricted(): boolean {
  const fd = open("/", O_RDONLY | O_DIRECTORY);
  if (fd < 0) return errno() === EACCES;
  close(fd);
  return false;
}

/**
 * Keeps the calling thread, and whatever it starts or becomes, from opening any file but those at or under these paths: `read`
 * for reading, `write` also to be changed, and names in folders to be made and removed. What is not there is left out. Other
 * threads go on as they are (landlock_restrict_self(2)). Needs `landlockVersion()` of 1 or more. Throws a SystemError.
 */
export function restrictThread(read: readonly string[], write: readonly string[]): void {
  // Before version 3 the kernel does not know truncation, and lets it pass.
  const known = landlockVersion() >= 3 ? ~0n : ~TRUNCATE;
  const handled = new BigUint64Array([(READ | WRITE_FILE | NAMES | TRUNCATE) & known]);
  const ruleset = libc.syscall(SYS_CREATE_RULESET, addressOf(handled), 8n, 0n);
  if (ruleset < 0) throw new SystemError("landlock_create_ruleset", "", errno());
  try {
    for (const path of read) allow(ruleset, path, READ & known);
    for (const path of write) allow(ruleset, path, WRITE & known);
    renounceNewPrivileges();
    if (libc.syscall(SYS_RESTRICT_SELF, BigInt(ruleset), 0n, 0n) < 0) {
      throw new SystemError("landlock_restrict_self", "", errno());
    }
  } finally {
    close(ruleset);
  }
}

function allow(ruleset: number, path: string, rights: bigint): void {
  const fd = open(path, O_PATH);
  if (fd < 0) return;
  try {
    // struct landlock_path_beneath_attr, packed: the rights, and the descriptor of what they begin at.
    const rule = new DataView(new ArrayBuffer(12));
    rule.setBigUint64(0, statusOfDescriptor(fd)?.isDirectory ? rights : rights & OF_FILES, true);
    rule.setInt32(8, fd, true);
    if (
      libc.syscallOfFour(SYS_ADD_RULE, BigInt(ruleset), PATH_BENEATH, addressOf(rule), 0n) < 0
    ) throw new SystemError("landlock_add_rule", path, errno());
  } finally {
    close(fd);
  }
}
