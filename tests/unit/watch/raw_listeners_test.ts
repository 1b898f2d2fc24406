import assert from "node:assert/strict";
import { command, withFiles } from "../cli/fake_world.ts";

Deno.test("where all listeners are raw there is no engine's socket to watch, and watch says so", () =>
  withFiles({
    "postern.yaml":
      "listeners: [{ socket: DIR/pg.sock, protocol: raw, upstream: DIR/real.sock, policy: full }]\n",
  }, async (directory) => {
    const { code, err } = await command(["watch", "-c", `${directory}/postern.yaml`]);
    assert.equal(code, 3);
    assert.match(err, /^postern watch: all listeners are raw/m);
  }));
