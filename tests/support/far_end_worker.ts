/// <reference lib="deno.worker" />
import { becomeThread } from "../../lib/linux/thread_credentials.ts";
import { holdsConnection } from "../../lib/peer/far_end.ts";

self.onmessage = async ({ data: { uid, end, proc } }) => {
  becomeThread(uid, uid, []);
  self.postMessage({ holds: await holdsConnection(end, proc) });
};
