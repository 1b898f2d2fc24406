import type { Judgement } from "./lookups.ts";
import { covers, judgeHostPath } from "./paths.ts";
import type { HostMount, Limits } from "./types.ts";
import { yamlWord } from "./wording.ts";

/** A file or folder of the host, and what can be done through its mount. */
export interface HostBind {
  readonly source: string;
  readonly readOnly: boolean;
  readonly shared: boolean;
  /** mount(2) gets the source as it is written; elsewhere the engine cleans it first. */
  readonly asWritten?: boolean;
}

const MANY = 5;

/** Judges a bind by its source: as it is written and where it leads to, writable or not. */
export function* judgeBind(limits: Limits, bind: HostBind): Judgement {
  const allowed = limits.host_mounts;
  if (allowed === undefined || allowed === "any") return undefined;
  // Through a shared mount the container's mounts come back to the host.
  const readOnly = bind.readOnly && !bind.shared;
  const fitting = paths(allowed.filter((mount) => readOnly || mount.read_only !== true));
  const readable = paths(allowed);
  return yield* judgeHostPath({
    key: "host_mounts",
    text: bind.source,
    covers: (path) => covers(fitting, path),
    otherwise: (path) => {
      if (covers(readable, path)) return "may only be mounted read-only, and not shared";
      if (allowed.length === 0) return "is on the host, and nothing of it may be mounted";
      const more = allowed.length > MANY ? ` and ${allowed.length - MANY} more` : "";
      const first = readable.slice(0, MANY).join(", ");
      // One folder reads as a place, several as a list.
      return allowed.length === 1 ? `is not under ${first}` : `is not under one of ${first}${more}`;
    },
    hint: (missing) => {
      const own = allowed.length > MANY ? ["…"] : allowed.map(written);
      const more = missing.map((path) => written({ path, read_only: readOnly }));
      return `host_mounts: [${[...own, ...more].join(", ")}]`;
    },
    asWritten: bind.asWritten ?? false,
  });
}

function paths(mounts: readonly HostMount[]): readonly string[] {
  return mounts.map((mount) => mount.path);
}

function written(mount: HostMount): string {
  const path = yamlWord(mount.path);
  return mount.read_only === true ? `{ path: ${path}, read_only: true }` : path;
}
