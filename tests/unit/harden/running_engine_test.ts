import assert from "node:assert/strict";
import { engineWords } from "../../../lib/harden/running_engine.ts";

/** A process by the name of dockerd, with these words, as this user. */
async function withDockerd(words: string[], uid: number, test: () => void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "harden-engine-" });
  try {
    await Deno.chmod(folder, 0o755);
    // Shells that are one program of many go by the name that they are called by.
    await Deno.writeTextFile(`${folder}/dockerd`, "#!/bin/sh\necho up\nread -r _\n", {
      mode: 0o755,
    });
    await Deno.chmod(`${folder}/dockerd`, 0o755);
    const child = new Deno.Command("setpriv", {
      args: [`--reuid=${uid}`, "--clear-groups", `${folder}/dockerd`, ...words],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    try {
      const reader = child.stdout.getReader();
      await reader.read();
      reader.releaseLock();
      test();
    } finally {
      await child.stdin.close();
      await child.stdout.cancel();
      await child.status;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ignore = Deno.uid() !== 0;

Deno.test({
  name: "the words of root's dockerd are read, up to an end, and nobody else's (root)",
  ignore,
  async fn() {
    const word = `--postern-test=${"x".repeat(100_000)}`;
    await withDockerd([word], 0, () => {
      const [found, ...others] = engineWords().filter((one) => one.startsWith("--postern-test"));
      assert.deepEqual(others, []);
      assert.ok(found!.length > 60_000 && found!.length < 65_536, `${found!.length}`);
    });
    await withDockerd(["--postern-test"], 65534, () => {
      assert.ok(!engineWords().includes("--postern-test"));
    });
  },
});
