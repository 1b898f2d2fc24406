import { which } from "./private_engine.ts";

const decoder = new TextDecoder();

/** Why no unit's filter can be put on a process here, or undefined. */
export function missingForFilter(): string | undefined {
  const absent = ["systemd-analyze", "ausyscall", "perl"].filter((name) =>
    which(name) === undefined
  );
  return absent.length === 0
    ? undefined
    : `${absent.join(", ")} not found (apt-get install systemd auditd perl)`;
}

/** The system calls that a unit's SystemCallFilter= lines leave, by name: lists after the first add or take away (systemd.exec(5)). */
export function allowedBy(unit: string): Set<string> {
  const allowed = new Set(expanded("@default"));
  for (const [, not, list] of unit.matchAll(/^SystemCallFilter=(~?)(.+)$/gm)) {
    for (const call of list!.split(" ").flatMap(expanded)) {
      if (not === "~") allowed.delete(call);
      else allowed.add(call);
    }
  }
  // systemd needs it to start the program, and always leaves it.
  return allowed.add("execve");
}

function expanded(name: string): string[] {
  if (!name.startsWith("@")) return [name];
  return output("systemd-analyze", ["syscall-filter", name]).split("\n").slice(1)
    .map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"))
    .flatMap(expanded);
}

/**
 * The words that come before a command to run it where every other call ends the process with SIGSYS: what a unit answers with EPERM
 * must not even be tried.
 */
export function under(allowed: ReadonlySet<string>): string[] {
  // It says pread where systemd, as the kernel, says pread64.
  const numbers = output("ausyscall", ["--dump"]).split("\n")
    .map((line) => line.split("\t"))
    .filter(([, name]) => allowed.has(name!) || allowed.has(`${name}64`))
    .map(([number]) => Number(number));
  if (numbers.length < 200) throw new Error(`ausyscall knows ${numbers.length} of the calls`);
  return ["perl", "-e", launcher, numbers.join(","), "--"];
}

// seccomp(2), SECCOMP_SET_MODE_FILTER by prctl(2): the number of the call against each that is allowed.
const launcher = `
my ($list) = shift; shift;
my $code = pack("SCCL", 0x20, 0, 0, 0);
$code .= pack("SCCL", 0x15, 0, 1, $_) . pack("SCCL", 0x06, 0, 0, 0x7fff0000) for split /,/, $list;
$code .= pack("SCCL", 0x06, 0, 0, 0x80000000);
my $fprog = pack("Sx6P", length($code) / 8, $code);
my ($prctl) = (\`uname -m\` =~ /x86_64/ ? 157 : 167);
syscall($prctl, 38, 1, 0, 0, 0) == 0 or die "no_new_privs: $!";
syscall($prctl, 22, 2, $fprog, 0, 0) == 0 or die "seccomp: $!";
exec @ARGV or die "exec: $!";
`;

function output(program: string, args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(which(program)!, { args }).outputSync();
  if (!success) throw new Error(`${program}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
