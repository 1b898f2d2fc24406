import { commit, create, exec, execStart, update } from "./container.ts";
import { networkConnect, networkCreate, networkDisconnect } from "./network.ts";
import type { Shape } from "./shape.ts";

/** Operation → its body. */
export const bodies: ReadonlyMap<string, Shape> = new Map([
  ["containers.create", create],
  ["containers.update", update],
  ["containers.exec", exec],
  ["containers.commit", commit],
  ["exec.start", execStart],
  ["networks.create", networkCreate],
  ["networks.connect", networkConnect],
  ["networks.disconnect", networkDisconnect],
]);
