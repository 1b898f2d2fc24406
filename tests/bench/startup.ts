import type { Peer } from "./peers/peer.ts";
import { RunningPeer } from "./target.ts";
import { pause } from "./waiting.ts";

const LIMIT = 10_000;
const request = new TextEncoder().encode("GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n");

/** Milliseconds from the start of a relay's process to the first byte that it serves. Throws after 10 s. */
export async function measureStartUp(
  peer: Peer,
  upstream: string,
  directory: string,
): Promise<number> {
  const start = performance.now();
  await using running = await RunningPeer.launch(peer, upstream, directory);
  while (performance.now() - start < LIMIT) {
    if (await serves(running.socket)) return performance.now() - start;
    await pause(1);
  }
  throw new Error(`${peer.name} served nothing within ${LIMIT / 1000} s`);
}

async function serves(path: string): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    using connection = await Deno.connect({ transport: "unix", path });
    timer = setTimeout(() => connection[Symbol.dispose](), LIMIT);
    await connection.write(request);
    return (await connection.read(new Uint8Array(4096)) ?? 0) > 0;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
