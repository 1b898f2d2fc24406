import { late, within } from "./within.ts";

const PATIENCE = 2000;

/**
 * Whether an engine at a TCP port answers a ping without TLS. One with TLS answers with a 400 that an engine's API never gives
 * to a ping, or not at all. Undefined when nobody can be reached.
 */
export async function answersPlainly(hostname: string, port: number): Promise<boolean | undefined> {
  let reached = false;
  try {
    const answer = await within(PATIENCE, Deno.connect({ hostname, port }), async (connection) => {
      reached = true;
      await connection.write(
        new TextEncoder().encode("GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n"),
      );
      const bytes = new Uint8Array(4096);
      const length = await connection.read(bytes);
      return new TextDecoder().decode(bytes.subarray(0, length ?? 0));
    });
    if (answer !== late) {
      return /^HTTP\/1\.[01] (?!400)\d/.test(answer) &&
        /^(?:api-version|ostype|server: docker)/im.test(answer);
    }
  } catch { /* refused, or closed without an answer */ }
  return reached ? false : undefined;
}
