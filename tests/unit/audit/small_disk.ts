/** A file system of a few kilobytes, for tests of what happens when it is full. Mounting takes root. */
export class SmallDisk implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async mount(bytes: number): Promise<SmallDisk> {
    const path = await Deno.makeTempDir({ prefix: "postern-disk-" });
    await run("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "none", path);
    return new SmallDisk(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Lazily: a test that failed may have left a file open.
    await run("umount", "-l", this.path);
    await Deno.remove(this.path);
  }
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
}
