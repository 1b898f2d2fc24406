import { LF } from "../http/characters.ts";
import { withoutFields } from "../http/fields.ts";
import type { RequestHead } from "../http/request_head.ts";
import { applyEdits } from "../json/edit.ts";
import type { Finding } from "../policy/constraints/types.ts";
import type { Judged } from "./judge.ts";

/** What a request that was looked into may go on with. */
export type Passed = Extract<Finding, { ok: true }>;

/** The protocol that each hijacking operation switches to; another Upgrade is not passed on (h2c would bypass every rule). */
const upgrades: Readonly<Record<string, string>> = {
  "containers.attach": "tcp",
  "exec.start": "tcp",
  "podman-containers.attach": "tcp",
  "podman-exec.start": "tcp",
  "containers.attach-websocket": "websocket",
  "builder.session": "h2c",
  "builder.grpc": "h2c",
};

/** Whether a request may ask the engine for this upgrade. */
function mayUpgrade(operation: string | undefined, upgrade: string): boolean {
  return operation !== undefined && upgrades[operation] === upgrade.toLowerCase();
}

/**
 * A request's first bytes, `start` to `end`, as they go on when they cannot go as they came: an upgrade that the operation
 * does not make is taken out; what was looked into gets its body and its target from the finding, and no Expect, since Postern
 * has asked for the body itself. Undefined where nothing has to be changed.
 */
export function rewritten(
  { head, judgement }: Judged,
  passed: Passed | undefined,
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> | undefined {
  const dropped = new Set<string>();
  const added: string[] = [];
  if (head.upgrade !== undefined && !mayUpgrade(judgement.operation?.name, head.upgrade)) {
    for (const name of ["connection", "upgrade", "http2-settings"]) dropped.add(name);
    added.push(`Connection: ${head.keepAlive ? "keep-alive" : "close"}`);
  }
  if (passed !== undefined && head.expectContinue) dropped.add("expect");
  const bodyStart = start + head.length;
  let body = bytes.subarray(bodyStart, end);
  if (passed?.document !== undefined && passed.edits.length > 0) {
    body = new TextEncoder().encode(applyEdits(passed.document, passed.edits));
    for (const name of ["content-length", "transfer-encoding", "trailer"]) dropped.add(name);
    added.push(`Content-Length: ${body.length}`);
  }
  const target = passed?.target;
  if (dropped.size === 0 && target === undefined) return undefined;
  const lines = withoutFields(bytes, start, bodyStart, dropped, added);
  const first = target === undefined ? lines : withTarget(lines, head, target);
  const whole = new Uint8Array(first.length + body.length);
  whole.set(first);
  whole.set(body, first.length);
  return whole;
}

/** A request's first bytes, `start` to `end`, with another line behind its request line; `line` with its end. */
export function withLine(
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
  line: string,
): Uint8Array<ArrayBuffer> {
  const added = new TextEncoder().encode(line);
  const at = bytes.indexOf(LF, start) + 1;
  const whole = new Uint8Array(end - start + added.length);
  whole.set(bytes.subarray(start, at));
  whole.set(added, at - start);
  whole.set(bytes.subarray(at, end), at - start + added.length);
  return whole;
}

/** The head with another target in its request line. */
function withTarget(
  lines: Uint8Array<ArrayBuffer>,
  { method, target }: RequestHead,
  other: string,
): Uint8Array<ArrayBuffer> {
  const requestLine = new TextEncoder().encode(`${method} ${other}`);
  const rest = lines.subarray(method.length + 1 + target.length);
  const head = new Uint8Array(requestLine.length + rest.length);
  head.set(requestLine);
  head.set(rest, requestLine.length);
  return head;
}
