import { basename, dirname } from "node:path";
import { type FileStatus, statusBehind } from "../linux/file.ts";
import { deviceNumber, type FileId, type NameId } from "./layout.ts";

/** A real socket, as it is now. */
export interface Target {
  /** As the configuration has it. */
  readonly path: string;
  /** Absent: it is not there at the moment. */
  readonly file?: FileId;
  /** Where the path leads to, whether something is there or not; absent when its folder is not there. */
  readonly place?: NameId & { readonly folderPath: string };
}

/** Looks at a real socket, and where it stands: links on the way are followed, as connect(2) does. */
export function locate(path: string): Target {
  const status = statusBehind(path);
  const real = realPath(path) ?? below(realPath(dirname(path)), basename(path));
  const folder = real === undefined ? undefined : statusBehind(dirname(real));
  return {
    path,
    ...(status === undefined ? {} : { file: fileId(status) }),
    ...(real === undefined || folder === undefined ? {} : {
      place: { folder: fileId(folder), name: basename(real), folderPath: dirname(real) },
    }),
  };
}

export function fileId({ device, inode }: Pick<FileStatus, "device" | "inode">): FileId {
  return { device: deviceNumber(device), inode };
}

function realPath(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined;
  }
}

function below(folder: string | undefined, name: string): string | undefined {
  if (folder === undefined) return undefined;
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}
