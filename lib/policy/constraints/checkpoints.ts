import type { JsonDocument } from "../../json/value.ts";
import { denied, fine } from "./finding.ts";
import { Parameters } from "./parameters.ts";
import { covers, judgeHostPath } from "./paths.ts";
import { isOpen } from "./patterns.ts";
import { textAt } from "./reading.ts";
import type { Allowed, Constraints, Scrutinised, Scrutiny } from "./types.ts";
import { listWith, notAmong, shown } from "./wording.ts";

/** What the engine lets a checkpoint be called when it is made; when it is used it does not look (moby getCheckpointDir). */
const checkpointName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** Start from a checkpoint, list and remove them: the folder is the parameter `checkpoint-dir` or `dir`. */
export function* scrutiniseCheckpoint({ limits }: Constraints, { target }: Scrutinised): Scrutiny {
  const parameters = new Parameters(target);
  const folder = parameters.one("checkpoint-dir") || parameters.one("dir");
  return yield* judge(limits.checkpoint_dirs, folder, parameters.one("checkpoint"));
}

/** The same for `docker checkpoint create`, by its body. */
export function* scrutiniseCheckpointCreate(
  { limits }: Constraints,
  _request: Scrutinised,
  { root }: JsonDocument,
): Scrutiny {
  return yield* judge(
    limits.checkpoint_dirs,
    textAt(root, "CheckpointDir"),
    textAt(root, "CheckpointID"),
  );
}

function* judge(allowed: Allowed | undefined, folder: string, checkpoint: string): Scrutiny {
  if (isOpen(allowed)) return fine;
  if (checkpoint !== "" && !checkpointName.test(checkpoint)) {
    return denied("checkpoint_dirs", `${shown(checkpoint)} is not the name of a checkpoint`, "");
  }
  if (folder === "") return fine;
  return (yield* judgeHostPath({
    key: "checkpoint_dirs",
    text: folder,
    covers: (path) => covers(allowed, path),
    otherwise: () => notAmong(allowed),
    hint: (paths) => listWith("checkpoint_dirs", allowed, ...paths),
  })) ?? fine;
}
