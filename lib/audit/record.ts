import type { Peer, PeerCertificate } from "../policy/types.ts";

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
  /** `would-deny`: denied by a policy in mode warn, and relayed. */
  readonly decision: "allow" | "deny" | "would-deny";
  readonly reason?: string;
  readonly rule: string;
  readonly policy: string;
  readonly mode: "enforce" | "warn";
  readonly listener: string;
  readonly request: RecordedRequest;
  /** What Postern filled into the body: `memory=1073741824`. */
  readonly added?: readonly string[];
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
const MAX_NAMES = 16;

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
    // Who comes by a unix socket has none of these, and its records do not get longer for it.
    ...(peer.address === undefined ? {} : {
      address: peer.address,
      port: peer.port ?? null,
      cert: peer.certificate === undefined ? null : certificateJson(peer.certificate),
    }),
  });
}

/** Names that whoever signs can make as long as he likes are cut; `cert: NAME` in rules is about any of them. */
function certificateJson({ commonName, dns, uris, emails, fingerprint }: PeerCertificate) {
  const some = (names: readonly string[]) => names.slice(0, MAX_NAMES).map(shortened);
  return {
    cn: commonName === undefined ? null : shortened(commonName),
    dns: some(dns),
    uri: some(uris),
    email: some(emails),
    fingerprint,
  };
}

/** What two records have in common when only time, id, listener and peer tell them apart, as text. */
export interface LineParts {
  readonly before: string;
  readonly after: string;
}

/** The parts of a record's line. The order of the fields is the log's. */
export function lineParts(record: Omit<AuditRecord, "time" | "id" | "listener">): LineParts {
  const { request } = record;
  const before = JSON.stringify({
    event: record.event,
    decision: record.decision,
    reason: record.reason ?? null,
    rule: record.rule,
    policy: record.policy,
    mode: record.mode,
    ...(record.added === undefined || record.added.length === 0 ? {} : { added: record.added }),
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
  return { before: before.slice(1, -1), after: `${after.slice(1)}\n` };
}

/** One line of the audit log, JSON, ending in a newline. `listener` is a name, `peer` comes from `peerJson`. */
export function auditLine(
  { before, after }: LineParts,
  time: number,
  id: string,
  listener: string,
  peer: string,
): string {
  // A listener's name is letters, digits, dots, dashes and underscores (config/values.ts), an id hexadecimal digits.
  return `{"time":"${
    isoTime(time)
  }","id":"${id}",${before},"listener":"${listener}","peer":${peer},${after}`;
}

let lastTime = NaN;
let lastText = "";

/** Many records fall into one millisecond. */
function isoTime(time: number): string {
  if (time !== lastTime) {
    lastTime = time;
    lastText = new Date(time).toISOString();
  }
  return lastText;
}

function shortened(path: string): string {
  return path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path;
}
