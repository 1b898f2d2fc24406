import { withoutFields } from "../http/fields.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { Judged } from "./judge.ts";

/** The protocol that each hijacking operation switches to; another Upgrade is not passed on (h2c would bypass every rule). */
const upgrades: Readonly<Record<string, string>> = {
  "containers.attach": "tcp",
  "exec.start": "tcp",
  "containers.attach-websocket": "websocket",
  "builder.session": "h2c",
  "builder.grpc": "h2c",
};

/** Whether a request may ask the engine for this upgrade. */
function mayUpgrade(operation: string | undefined, upgrade: string): boolean {
  return operation !== undefined && upgrades[operation] === upgrade.toLowerCase();
}

/** The bytes pass as they came, unless the head asks for an upgrade that this operation does not make. */
export function isForwardedAsIs({ head, judgement }: Judged): boolean {
  return head.upgrade === undefined || mayUpgrade(judgement.operation?.name, head.upgrade);
}

/** A request's first bytes, `start` to `end`, with the upgrade taken out of the head. */
export function withoutUpgrade(
  head: RequestHead,
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const hop = new Set(["connection", "upgrade", "http2-settings"]);
  const added = [`Connection: ${head.keepAlive ? "keep-alive" : "close"}`];
  const bodyStart = start + head.length;
  const rewritten = withoutFields(bytes, start, bodyStart, hop, added);
  const forwarded = new Uint8Array(rewritten.length + end - bodyStart);
  forwarded.set(rewritten);
  forwarded.set(bytes.subarray(bodyStart, end), rewritten.length);
  return forwarded;
}
