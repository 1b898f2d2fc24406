import { docker, engineSocket } from "./docker.ts";

/** Everything that a write would change, asked of the engine itself. */
export async function engineState(): Promise<string> {
  const commands = [
    ["ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.State}}"],
    ["images", "-a", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}"],
    ["volume", "ls", "-q"],
    ["network", "ls", "-q"],
  ];
  const ran = await Promise.all(commands.map((args) => docker(engineSocket, args)));
  return ran.map(({ out }) => out).join("--\n");
}

/** Follows the engine's own events, past the gate, from now on. */
export async function recordEvents(): Promise<{ stop(): Promise<string[]> }> {
  const connection = await Deno.connect({ transport: "unix", path: engineSocket });
  await connection.write(new TextEncoder().encode("GET /events HTTP/1.1\r\nHost: d\r\n\r\n"));
  const decoder = new TextDecoder();
  let text = "";
  const head = Promise.withResolvers<void>();
  const reading = (async () => {
    const chunk = new Uint8Array(65536);
    try {
      for (let n = await connection.read(chunk); n !== null; n = await connection.read(chunk)) {
        text += decoder.decode(chunk.subarray(0, n), { stream: true });
        if (text.includes("\r\n\r\n")) head.resolve();
      }
    } catch { /* closed by stop */ }
  })();
  await head.promise;
  return {
    async stop() {
      // What happened before this command is in the stream before its own event.
      await docker(engineSocket, ["volume", "create", "events-end"]);
      await docker(engineSocket, ["volume", "rm", "events-end"]);
      for (
        let i = 0;
        i < 1000 && !text.includes('"Action":"destroy","Actor":{"ID":"events-end"');
        i++
      ) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      connection.close();
      await reading;
      return text.split("\n").filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line))
        .filter((event) => event.Actor?.ID !== "events-end")
        .map((event) => `${event.Type} ${event.Action} ${event.Actor?.ID}`);
    },
  };
}
