// Descriptors that a client passes along with its bytes (SCM_RIGHTS): the gate takes none, and keeps none open.
import assert from "node:assert/strict";
import { RunningGate } from "../../support/gate.ts";
import { Canary, PassingClient } from "../../support/passed_descriptors.ts";
import { descriptors, shrunkTo } from "../../support/process_facts.ts";
import { get, ok, post, Wire } from "../../support/wire.ts";

/** /proc tells nobody else about a process that nobody may debug. */
const asRoot = { ignore: Deno.uid() !== 0 };
/** As many as the kernel lets pass at once (SCM_MAX_FD, unix(7)). */
const MOST = 253;
const JSON_TYPE = "Content-Type: application/json\r\n";
const UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n";

/** An engine that answers, and in a stream says what it is told. */
async function engine(conn: Deno.UnixConn): Promise<void> {
  using wire = new Wire(conn);
  for (;;) {
    const head = await wire.until("\r\n\r\n");
    if (head.includes("/attach")) {
      await wire.send(`HTTP/1.1 101 UPGRADED\r\n${UPGRADE}\r\n`);
      for (;;) await wire.send(await wire.until("\n"));
    }
    const length = /\r\nContent-Length: (\d+)/.exec(head)?.[1] ?? "0";
    await wire.send(ok(await wire.exactly(Number(length)) || "OK"));
  }
}

/** When descriptors come, by name: everything up to the answer to what came with them. */
const moments: Readonly<Record<string, (client: PassingClient, fds: number[]) => Promise<string>>> =
  {
    "a request": async (client, fds) => {
      client.send(get("/containers/json"), fds);
      return await client.hear();
    },
    "every byte of a head": async (client, fds) => {
      for (const byte of get("/containers/json")) client.send(byte, fds.slice(0, 1));
      return await client.hear();
    },
    "a request that is denied": async (client, fds) => {
      client.send(get("/secrets"), fds);
      return await client.hear();
    },
    "a body that is relayed": async (client, fds) => {
      const [head, body] = post("/images/load", "hello").split("\r\n\r\n") as [string, string];
      client.send(`${head}\r\n\r\n`, fds);
      client.send(body, fds);
      return await client.hear();
    },
    "every byte of a body": async (client, fds) => {
      const [head, body] = post("/images/load", "hello".repeat(50)).split("\r\n\r\n") as [
        string,
        string,
      ];
      client.send(`${head}\r\n\r\n`, fds);
      for (const byte of body) client.send(byte, fds.slice(0, 1));
      return await client.hear();
    },
    "every byte of a body that is judged": async (client, fds) => {
      const request = post("/containers/create", `{"Image":"${"hello".repeat(20)}"}`, JSON_TYPE);
      const [head, body] = request.split("\r\n\r\n") as [string, string];
      client.send(`${head}\r\n\r\n`, fds);
      for (const byte of body) client.send(byte, fds.slice(0, 1));
      return await client.hear();
    },
    "a stream": async (client, fds) => {
      client.send(post("/containers/x/attach?stream=1", "", UPGRADE), fds);
      await client.hear();
      client.send("hello\n", fds);
      return await client.hear();
    },
    "what is no request": async (client, fds) => {
      client.send("hello\r\n\r\n", fds);
      return await client.hear();
    },
    // Before the gate has seen it, or after: either must do.
    "what nobody waits for": (client, fds) => {
      for (let n = 0; n < 20; n++) client.send(get("/containers/json"), fds);
      return Promise.resolve("OK 403 400 hello");
    },
  };

for (const [moment, pass] of Object.entries(moments)) {
  Deno.test(
    `descriptors that come with ${moment} are open nowhere afterwards`,
    asRoot,
    async () => {
      await using gate = await RunningGate.serve({
        upstream: "DIR/up.sock",
        listeners: [{ name: "g", socket: "DIR/gate.sock", policy: "team" }],
        policies: "team.yaml",
      }, {
        "team.yaml":
          "name: team\nallow: [containers.list, containers.create, containers.attach, images.load]\n",
      });
      using listener = Deno.listen({ transport: "unix", path: `${gate.directory}/up.sock` });
      (async () => {
        for await (const conn of listener) engine(conn).catch(() => {});
      })().catch(() => {});
      const before = descriptors(gate.pid).length;
      using canary = new Canary();
      {
        using client = new PassingClient(`${gate.directory}/gate.sock`);
        const answer = await pass(client, new Array(MOST).fill(canary.given));
        assert.match(answer, /OK|hello|403|400/);
        if (moment !== "what nobody waits for") {
          // While the client is still there, and so may be what it sent.
          await canary.isFree();
          assert.ok(await shrunkTo(gate.pid, before + 4) <= before + 4);
        }
      }
      await canary.isFree();
      // A pipe is kept for the next stream.
      assert.ok(await shrunkTo(gate.pid, before + 2) <= before + 2);
    },
  );
}
