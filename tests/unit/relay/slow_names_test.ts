// A name service that takes its time: who is served, and when records have its names.
import assert from "node:assert/strict";
import { RunningGate } from "../../support/gate.ts";
import { missingForNameService, PlayedNameService } from "../../support/name_service.ts";
import { get, post, Wire } from "../../support/wire.ts";

const missing = missingForNameService();

Deno.test(
  `a name service that does not answer keeps nobody waiting, and what it says later is recorded from then on${
    missing === undefined ? "" : ` (${missing})`
  }`,
  { ignore: missing !== undefined },
  async () => {
    await using service = new PlayedNameService({ "user 0": "dirk", "group 0": "directory" });
    await using gate = await RunningGate.serve(
      {
        upstream: "DIR/up.sock",
        listeners: [{ name: "g", socket: "DIR/gate.sock", policy: "read-only" }],
      },
      {},
      { through: service.through },
    );
    assert.ok(service.asked.length > 0, "this C library asks no nscd");
    assert.match(gate.stderr, /runs as dirk:directory/);

    service.hangs = true;
    const asked = service.asked.length;
    for (let client = 0; client < 3; client++) {
      using wire = await Wire.to(`${gate.directory}/gate.sock`);
      await wire.send(post("/containers/x/kill", ""));
      assert.match(await wire.message(), /^HTTP\/1\.1 403 [^]*denied for uid 0:/);
      for (let tries = 0; tries < 1000 && service.waiting < 2; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    // One question for each id, and all that time nobody answered it.
    assert.deepEqual(service.asked.slice(asked).toSorted(), ["group 0", "user 0"]);
    assert.equal(service.waiting, 2);

    service.hangs = false;
    let answer = "";
    for (let tries = 0; tries < 1000 && !answer.includes("for uid 0 (dirk):"); tries++) {
      using wire = await Wire.to(`${gate.directory}/gate.sock`);
      await wire.send(get("/containers/x/export"));
      answer = await wire.message();
    }
    using wire = await Wire.to(`${gate.directory}/gate.sock`);
    await wire.send(post("/containers/last/kill", ""));
    await wire.message();
    const lines = await gate.audit((all) =>
      all.some(({ request }) => request.path === "/containers/last/kill")
    );
    assert.equal(lines[0]!.peer["user"], null);
    assert.equal(lines.at(-1)!.peer["user"], "dirk");
    assert.equal(service.asked.length, asked + 2);
  },
);
