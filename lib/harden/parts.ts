import { apparmor } from "./apparmor.ts";
import { audit } from "./audit.ts";
import { containers } from "./containers.ts";
import { daemon } from "./daemon.ts";
import type { Part } from "./part.ts";
import { selinux } from "./selinux.ts";
import { sockets } from "./sockets.ts";
import { systemd } from "./systemd.ts";

/** Every part, in the order in which they are applied. */
export const parts: readonly Part[] = [
  sockets,
  systemd,
  audit,
  apparmor,
  selinux,
  containers,
  daemon,
];
