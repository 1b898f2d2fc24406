/** A test of root's, or one that is left out for `absent`'s reason, in a folder below ones of root's alone. */
export function testInRootFolder(
  absent: string | undefined,
  name: string,
  fn: (folder: string) => Promise<void>,
): void {
  Deno.test({
    name: absent === undefined ? name : `${name} (${absent})`,
    ignore: absent !== undefined,
    async fn() {
      const folder = await Deno.makeTempDir({ dir: "/var/lib", prefix: "pg-" });
      try {
        await Deno.chmod(folder, 0o755);
        await fn(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
