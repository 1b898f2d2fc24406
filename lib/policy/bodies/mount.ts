import { any, bool, int, list, map, since, string, stringMap, strings, struct } from "./shape.ts";

/** moby mount.Mount, in containers and in services. */
export const mounts = list(struct({
  Type: string,
  Source: string,
  Target: string,
  ReadOnly: bool,
  Consistency: since(29, string),
  BindOptions: struct({
    Propagation: string,
    NonRecursive: since(40, bool),
    CreateMountpoint: since(42, bool),
    ReadOnlyNonRecursive: since(44, bool),
    ReadOnlyForceRecursive: since(44, bool),
  }),
  VolumeOptions: struct({
    NoCopy: bool,
    Labels: stringMap,
    Subpath: since(45, string),
    DriverConfig: struct({ Name: string, Options: stringMap }),
  }),
  ImageOptions: since(48, struct({ Subpath: string })),
  TmpfsOptions: struct({ SizeBytes: int, Mode: int, Options: since(46, list(strings)) }),
  ClusterOptions: since(42, map(any)),
}));
