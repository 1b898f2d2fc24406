import assert from "node:assert/strict";
import { ask } from "../../../lib/doctor/ask.ts";
import { answersPlainly } from "../../../lib/doctor/ask_tcp.ts";
import { late, within } from "../../../lib/doctor/within.ts";

/** A socket at which each connection is treated so. */
async function withSocket(
  treat: (connection: Deno.UnixConn) => Promise<void>,
  test: (socket: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "ask-" });
  const path = `${directory}/s`;
  const listener = Deno.listen({ transport: "unix", path });
  const served = (async () => {
    for await (const connection of listener) {
      await treat(connection).catch(() => {});
      connection.close();
    }
  })().catch(() => {});
  try {
    await test(path);
  } finally {
    listener.close();
    await served;
    await Deno.remove(directory, { recursive: true });
  }
}

const says = (text: string) => async (connection: Deno.UnixConn) => {
  await connection.read(new Uint8Array(1024));
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
};

Deno.test("an engine's answer is its object, whatever pieces it comes in", async () => {
  const body = JSON.stringify({ a: "x".repeat(200_000) });
  await withSocket(says(`HTTP/1.0 200 OK\r\n\r\n${body}`), async (socket) => {
    assert.deepEqual(await ask(socket, "/info"), { found: JSON.parse(body) });
  });
});

for (
  const [name, answer, failed] of [
    ["no answer", "", /closed the connection without an answer/],
    ["what is no HTTP", "hello\r\n\r\n", /the engine sent/],
    ["what is no JSON", "HTTP/1.0 200 OK\r\n\r\n{", /./],
    ["an error", 'HTTP/1.0 403 Forbidden\r\n\r\n{"message":"denied"}', /denied/],
    ["an answer that is cut short", "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{}", /not whole/],
  ] as const
) {
  Deno.test(`of ${name} is said what it is`, async () => {
    await withSocket(says(answer), async (socket) => {
      const told = await ask(socket, "/info");
      assert.ok("failed" in told, JSON.stringify(told));
      assert.match(told.failed, failed);
    });
  });
}

Deno.test("nobody there is said to be so, with the path", async () => {
  const told = await ask("/tmp/ask-no/such.sock", "/info");
  assert.ok("failed" in told && told.failed.startsWith("/tmp/ask-no/such.sock cannot be asked: "));
});

Deno.test("an answer without end is given up", async () => {
  const endless = async (connection: Deno.UnixConn) => {
    await connection.write(new TextEncoder().encode("HTTP/1.0 200 OK\r\n\r\n"));
    const chunk = new Uint8Array(1 << 20).fill(32);
    while (true) await connection.write(chunk);
  };
  await withSocket(endless, async (socket) => {
    const told = await ask(socket, "/info");
    assert.ok("failed" in told && /sends more than 64 MiB/.test(told.failed), JSON.stringify(told));
  });
});

Deno.test("what is too slow to connect, or to talk, is late, and closed when it comes after all", async () => {
  let closed = 0;
  const connection = { [Symbol.dispose]: () => void closed++ };
  const never = new Promise<never>(() => {});
  const slow = Promise.withResolvers<typeof connection>();
  assert.equal(await within(1, slow.promise, () => Promise.resolve("x")), late);
  slow.resolve(connection);
  await slow.promise;
  await Promise.resolve();
  assert.equal(closed, 1);
  assert.equal(await within(1, Promise.resolve(connection), () => never), late);
  await Promise.resolve();
  assert.equal(closed, 2);
  assert.equal(await within(60_000, Promise.resolve(connection), () => Promise.resolve("x")), "x");
  await assert.rejects(within(60_000, Promise.reject(new Error("no")), () => never), /no/);
});

Deno.test("a port where nobody answers plainly is no engine's", async () => {
  const answers = [
    "HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n",
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    "HTTP/1.0 200 OK\r\nApi-Version: 1.41\r\nOstype: linux\r\n\r\nOK",
  ];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(1024));
      const answer = answers.shift()!;
      await connection.write(new TextEncoder().encode(answer));
      connection.close();
    }
  })().catch(() => {});
  for (const expected of [false, false, true]) {
    assert.equal(await answersPlainly("127.0.0.1", listener.addr.port), expected);
  }
  const { port } = listener.addr;
  listener.close();
  await served;
  assert.equal(await answersPlainly("127.0.0.1", port), undefined);
});
