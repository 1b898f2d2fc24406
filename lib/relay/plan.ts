import type { AuditLog } from "../audit/log.ts";
import type { TlsMaterial } from "../linux/tls_context.ts";
import type { FarEnd } from "../peer/far_end.ts";
import type { NameQuestion } from "../peer/names.ts";
import type { Gate } from "../policy/types.ts";

/** One listening socket as the worker gets it: already bound, by its descriptor. */
export interface PlannedListener {
  readonly name: string;
  readonly path: string;
  readonly fd: number;
  readonly protocol: "http" | "raw";
  readonly upstream: string;
  /** As `Upstream` has it. */
  readonly seal?: string;
  /** Whether it is one of TCP: its clients are known by their addresses. */
  readonly tcp?: boolean;
  /** Clients must show a certificate. */
  readonly tls?: TlsMaterial;
  /** Whether the socket outlives the process: somebody else opened it, and hands it on to the next. */
  readonly lasting?: boolean;
  /** Clients that this worker serves at once; more wait in the kernel's backlog. */
  readonly maxConnections?: number;
}

/** Everything a worker needs, as plain data: posted once, before its loop starts. */
export interface Plan {
  readonly listeners: readonly PlannedListener[];
  readonly gate: Gate;
  /** Where all workers count who is connected. */
  readonly census: SharedArrayBuffer;
  /** Absent where nothing is recorded. */
  readonly audit?: AuditLog;
  /** An eventfd(2): a wake-up call to look at the messages. */
  readonly wakeFd: number;
  /** Whether other workers wait on the same listeners. */
  readonly shared: boolean;
}

/** Main → worker. */
export type Order =
  | { readonly type: "plan"; readonly plan: Plan }
  | {
    readonly type: "rules";
    readonly gate: Gate;
    /** All that there are from now on. What has another descriptor than before is another listener. */
    readonly listeners: readonly PlannedListener[];
    /** Whether exchanges end that the rules do not allow. */
    readonly revoke: boolean;
  }
  /** A listener's socket was made anew: it has another descriptor from now on. */
  | { readonly type: "move"; readonly from: number; readonly to: number }
  /** What a name service says, or that it knows no name. */
  | { readonly type: "name"; readonly question: NameQuestion; readonly name: string | undefined }
  /** Whether a container holds a connection; undefined where that cannot be seen. */
  | { readonly type: "far-end"; readonly number: number; readonly holds: boolean | undefined }
  /** Shows that the worker works. */
  | { readonly type: "ping" }
  /** Take nobody new, and no request behind those that run. */
  | { readonly type: "retire" }
  | { readonly type: "stop" };

/** Worker → main. */
export type Report =
  | { readonly type: "ready" }
  | { readonly type: "stopped" }
  /** An order is carried out, in the order in which they were posted; so many exchanges were ended that new rules do not allow. */
  | { readonly type: "done"; readonly revoked: number }
  /** After `retire`: nobody is left. */
  | { readonly type: "retired" }
  /** A name service is to be asked, which this thread must not wait for. */
  | { readonly type: "nameless"; readonly question: NameQuestion }
  /** A container's connections are to be looked at, which takes the kernel too long for this thread. */
  | { readonly type: "far-end"; readonly number: number; readonly end: FarEnd }
  | { readonly type: "log"; readonly level: "info" | "warning"; readonly message: string };
