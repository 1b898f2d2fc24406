import assert from "node:assert/strict";
import { shellScript } from "../../../lib/harden/script.ts";
import type { Planned } from "../../../lib/harden/host.ts";
import { type Step } from "../../../lib/harden/part.ts";
import { survey } from "../../../lib/harden/survey.ts";
import { hostBelow, withRoot } from "./throw_away.ts";

Deno.test("the script gives away a socket alone, and no link or file in its place", () =>
  withRoot(
    { "/etc/passwd": "root:x:0:0::/:/\n", "/etc/group": "root:x:0:\n", "/run/x": "" },
    async (
      root,
    ) => {
      const socket = `${root}/run/docker.sock`;
      const step: Step = {
        kind: "access",
        what: "socket",
        path: "/run/docker.sock",
        mode: 0o660,
        user: "root",
        group: "root",
        why: "a test",
      };
      const planned: Planned[] = [
        { part: "sockets", summary: "a test", plan: { steps: [step], notes: [] } },
      ];
      const engine = Deno.listen({ transport: "unix", path: socket });
      await Deno.chmod(socket, 0o666);
      const text = shellScript(planned, await survey(planned, undefined, hostBelow(root), false))
        .replaceAll("/run/docker.sock", socket).replace("chown", ": chown");
      const run = async () => {
        const { code, stderr } = await new Deno.Command("sh", { args: ["-c", text] }).output();
        return { code, err: new TextDecoder().decode(stderr) };
      };
      assert.deepEqual(await run(), { code: 0, err: "" });
      assert.equal(Deno.lstatSync(socket).mode! & 0o777, 0o660);
      await Deno.rename(socket, `${socket}.old`);
      await Deno.chmod(`${socket}.old`, 0o666);
      for (
        const make of [
          () => Deno.symlink(`${socket}.old`, socket),
          () => Deno.writeTextFile(socket, "", { mode: 0o666 }),
        ]
      ) {
        await make();
        const { code, err } = await run();
        assert.equal(code, 1);
        assert.match(err, /docker\.sock is another thing than when this was written/);
        await Deno.remove(socket);
      }
      assert.equal(Deno.lstatSync(`${socket}.old`).mode! & 0o777, 0o666);
      engine.close();
    },
  ));
