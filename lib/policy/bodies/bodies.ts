import { commit, create, exec, update } from "./container.ts";
import { libpodBodies } from "./libpod.ts";
import { networkConnect, networkCreate, networkDisconnect } from "./network.ts";
import { serviceCreate, serviceUpdate } from "./service.ts";
import {
  any,
  bool,
  list,
  map,
  type Shape,
  since,
  string,
  stringMap,
  strings,
  struct,
} from "./shape.ts";

const privileges = list(struct({ Name: string, Description: string, Value: strings }));

/** A volume of the cluster is made by a driver that somebody installed; its options reach nothing else. */
const clusterVolume = map(any);

/** Operation → its body. */
export const bodies: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["containers.create", create],
  ["containers.update", update],
  ["containers.exec", exec],
  ["containers.commit", commit],
  ["checkpoints.create", struct({ CheckpointID: string, CheckpointDir: string, Exit: bool })],
  [
    "volumes.create",
    struct({
      Name: string,
      Driver: string,
      DriverOpts: stringMap,
      Labels: stringMap,
      ClusterVolumeSpec: since(42, clusterVolume),
    }),
  ],
  ["volumes.update", struct({ Spec: since(42, clusterVolume) })],
  ["networks.create", networkCreate],
  ["networks.connect", networkConnect],
  ["networks.disconnect", networkDisconnect],
  ["services.create", serviceCreate],
  ["services.update", serviceUpdate],
  ["plugins.pull", privileges],
  ["plugins.upgrade", privileges],
  ["plugins.set", strings],
  ...libpodBodies,
]);
