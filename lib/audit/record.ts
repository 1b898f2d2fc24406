import type { Peer } from "../policy/types.ts";

/** What is known of a request when it is judged. A target's query is left out: it can hold build arguments and credentials. */
export interface RecordedRequest {
  readonly method?: string;
  /** Without the query. */
  readonly path?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
}

/** One decision, or the end of a stream that an earlier decision allowed (same id). */
export interface AuditRecord {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly id: string;
  readonly event: "decision" | "end";
  readonly decision: "allow" | "deny";
  readonly reason?: string;
  readonly rule: string;
  readonly policy: string;
  readonly mode: "enforce";
  readonly listener: string;
  readonly request: RecordedRequest;
  /** The HTTP status: Postern's own with a denial, the engine's at a stream's end. */
  readonly status?: number;
  /** Bytes relayed from the client, and to it, heads included. Only at a stream's end. */
  readonly bytesIn?: number;
  readonly bytesOut?: number;
  readonly durationMs?: number;
}

/** A record holds no more of what a client can make as long as it likes. */
const MAX_PATH = 512;
const MAX_GROUPS = 64;

/** The peer's part of every record of a connection, made once. What is unknown is null. */
export function peerJson(peer: Peer): string {
  const omitted = (peer.groups?.length ?? 0) - MAX_GROUPS;
  return JSON.stringify({
    uid: peer.uid ?? null,
    user: peer.user ?? null,
    gid: peer.gid ?? null,
    groups: peer.groups?.slice(0, MAX_GROUPS) ?? null,
    ...(omitted > 0 ? { groups_omitted: omitted } : {}),
    pid: peer.pid ?? null,
    exe: peer.exe ?? null,
    container: peer.container ?? null,
  });
}

/** One line of the audit log, JSON, ending in a newline. `peer` comes from `peerJson`. */
export function auditLine(record: AuditRecord, peer: string): string {
  const { request } = record;
  const before = JSON.stringify({
    time: new Date(record.time).toISOString(),
    id: record.id,
    event: record.event,
    decision: record.decision,
    reason: record.reason ?? null,
    rule: record.rule,
    policy: record.policy,
    mode: record.mode,
    listener: record.listener,
  });
  const after = JSON.stringify({
    request: {
      method: request.method ?? null,
      path: request.path === undefined ? null : shortened(request.path),
      operation: request.operation ?? null,
      api_version: request.apiVersion ?? null,
    },
    status: record.status ?? null,
    bytes_in: record.bytesIn ?? null,
    bytes_out: record.bytesOut ?? null,
    duration_ms: record.durationMs ?? null,
  });
  return `${before.slice(0, -1)},"peer":${peer},${after.slice(1)}\n`;
}

function shortened(path: string): string {
  return path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path;
}
