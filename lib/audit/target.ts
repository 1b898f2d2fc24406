/** When an audit file is put aside for a new one. */
export interface Rotation {
  /** Bytes that a file may have. */
  readonly size: number;
  /** Files that are kept beside the one that is written: `PATH.1` is the youngest of them. */
  readonly keep: number;
}

/** Where decision records go. */
export type AuditTarget =
  | { readonly to: "stderr" }
  | { readonly to: "off" }
  | {
    readonly to: "file";
    readonly path: string;
    /** Nothing is relayed whose record cannot be written. */
    readonly required?: boolean;
    readonly rotate?: Rotation;
  };
