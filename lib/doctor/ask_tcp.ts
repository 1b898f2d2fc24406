const PATIENCE = 2000;

/**
 * Whether an engine at a TCP port answers a ping without TLS. One with TLS answers with a 400 that an engine's API never gives
 * to a ping, or not at all. Undefined when nobody can be reached.
 */
export async function answersPlainly(hostname: string, port: number): Promise<boolean | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let connection: Deno.TcpConn | undefined;
  try {
    const connected = connection = await Deno.connect({ hostname, port });
    timer = setTimeout(() => connected.close(), PATIENCE);
    await connected.write(new TextEncoder().encode("GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n"));
    const bytes = new Uint8Array(4096);
    const length = await connected.read(bytes);
    const text = new TextDecoder().decode(bytes.subarray(0, length ?? 0));
    return /^HTTP\/1\.[01] (?!400)\d/.test(text) &&
      /^(?:api-version|ostype|server: docker)/im.test(text);
  } catch {
    return connection === undefined ? undefined : false;
  } finally {
    clearTimeout(timer);
    try {
      connection?.close();
    } catch { /* closed by the timer */ }
  }
}
