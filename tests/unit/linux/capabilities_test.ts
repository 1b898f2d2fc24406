// What capabilities are left over an execve, and what a program of root's gives then. As root: nobody else has any to give up.
import assert from "node:assert/strict";

const library = new URL("../../../lib/linux/capabilities.ts", import.meta.url).href;
/** CAP_CHOWN, CAP_SETGID, CAP_SETUID. */
const KEPT = [0, 6, 7];
const kept = "00000000000000c1";
const none = "0000000000000000";

/** The status of what a process executes that may have carried over what it keeps (proc_pid_status(5)). */
async function statusOf(
  words: readonly string[],
  carries: boolean,
): Promise<(f: string) => string> {
  const code = `
    import { carryOver } from ${JSON.stringify(library)};
    import { cString } from ${JSON.stringify(library.replace("capabilities", "bytes"))};
    ${carries ? `carryOver(new Set(${JSON.stringify(KEPT)}));` : ""}
    const words = ${JSON.stringify(words)}.map(cString);
    const list = new BigUint64Array([
      ...words.map((word) => BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(word)))), 0n,
    ]);
    const libc = Deno.dlopen("libc.so.6", {
      execv: { parameters: ["buffer", "buffer"], result: "i32" },
    }).symbols;
    libc.execv(words[0], new Uint8Array(list.buffer));
    throw new Error("execv failed");
  `;
  const { code: exit, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", `data:text/typescript,${encodeURIComponent(code)}`],
  }).output();
  assert.equal(exit, 0, new TextDecoder().decode(stderr));
  const text = new TextDecoder().decode(stdout);
  return (field) => new RegExp(`^${field}:\\s*(.*)$`, "m").exec(text)![1]!.replaceAll("\t", " ");
}

const asRoot = { ignore: Deno.uid() !== 0 };
const read = "/proc/self/status";
const asNobody = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

Deno.test(
  "what is executed has what was kept and can have no more, although it is root",
  asRoot,
  async () => {
    const status = await statusOf(["/bin/cat", read], true);
    assert.equal(status("Uid"), "0 0 0 0");
    for (const set of ["CapPrm", "CapEff", "CapAmb", "CapInh"]) {
      assert.equal(
        status(set),
        kept,
        set,
      );
    }
    assert.equal(status("CapBnd"), none);
  },
);

Deno.test("with root's id all of it goes", asRoot, async () => {
  const status = await statusOf([...asNobody, "/bin/cat", read], true);
  assert.equal(status("Uid"), "65534 65534 65534 65534");
  for (const set of ["CapPrm", "CapEff", "CapAmb", "CapBnd"]) assert.equal(status(set), none, set);
});

Deno.test(
  "then a program that runs as root for everybody gives root's id and no capability",
  asRoot,
  async () => {
    const directory = await Deno.makeTempDir({ dir: "/var/tmp" });
    try {
      // Nobody else is to have the program while it is there.
      await Deno.chown(directory, 65534, 65534);
      const program = `${directory}/cat`;
      await Deno.copyFile("/bin/cat", program);
      await Deno.chmod(program, 0o4755);
      const before = await statusOf([...asNobody, program, read], false);
      assert.equal(before("Uid"), "65534 0 0 0");
      assert.notEqual(before("CapEff"), none);
      const after = await statusOf([...asNobody, program, read], true);
      assert.equal(after("Uid"), "65534 0 0 0");
      for (const set of ["CapPrm", "CapEff", "CapAmb", "CapBnd"]) {
        assert.equal(after(set), none, set);
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);
