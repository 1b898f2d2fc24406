/// <reference lib="deno.worker" />
import { describeFailure } from "../config/failure.ts";
import { becomeThread } from "../linux/thread_credentials.ts";
import type { Call, Outcome } from "./call.ts";

// One request of the demo, on a thread that takes the caller's identity first: the kernel then reports it as that user.

self.onmessage = async ({ data }: MessageEvent<Call>) => {
  let outcome: Outcome;
  try {
    if (data.as !== undefined) becomeThread(data.as.uid, data.as.gid, []);
    outcome = await request(data);
  } catch (error) {
    const { code } = error as { code?: string };
    outcome = { error: describeFailure(error), code };
  }
  self.postMessage(outcome);
};

async function request({ socket, method, path, body = "" }: Call): Promise<Outcome> {
  using connection = await Deno.connect({ transport: "unix", path: socket });
  const type = body === "" ? "" : "Content-Type: application/json\r\n";
  await connection.write(new TextEncoder().encode(
    `${method} ${path} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n${type}` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  ));
  const text = await new Response(connection.readable).text();
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
  return { status, body: text.slice(text.indexOf("\r\n\r\n") + 4) };
}
