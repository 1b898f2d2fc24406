import { isAbsolute } from "node:path";
import { shellWord } from "../config/shell.ts";
import { GATE_USER } from "../harden/names.ts";
import type { PartName } from "../harden/part.ts";
import { socketUnits } from "../harden/socket_unit.ts";
import { CONFIG_FILE } from "../harden/starter.ts";
import type { Facts, RealSocket } from "./facts.ts";
import { readUnit } from "./units.ts";

/** `postern harden apply` of one part, for the configuration and the tree that were looked at. */
export function harden({ host, accounts, configured }: Facts, part: PartName): string[] {
  const { file, config } = configured;
  const named = config !== undefined && file !== undefined && isAbsolute(file);
  // These name the gate's user, whom the part sockets makes.
  const nobody = (part === "systemd" || part === "audit") && config?.runAs === undefined &&
    !accounts.users.some(({ name }) => name === GATE_USER);
  return [
    ...(nobody ? [`# with sockets, which makes the user ${GATE_USER} and its group`] : []),
    line("postern", "harden", "apply", nobody ? ["--only", "sockets"] : [], "--only", part, [
      ...(named && file !== CONFIG_FILE ? ["-c", file] : []),
      ...(host.root === "" ? [] : ["--root", host.root]),
    ]),
  ];
}

/** Closes a socket for good; the part `sockets` knows those of the configuration alone. */
export function closes(facts: Facts, { beside }: RealSocket): string[] {
  if (beside === undefined) return harden(facts, "sockets");
  return [
    "# take it out of where it is said: hosts in daemon.json, -H in docker.service, ListenStream in " +
    "docker.socket; or give it the mode and group of the other there: systemctl edit docker.socket",
  ];
}

/** The same look with more rights. */
export function asRoot({ host, configured: { file } }: Pick<Facts, "host" | "configured">): string {
  return line("sudo", "postern", "doctor", [
    ...(file !== undefined && isAbsolute(file) && file !== CONFIG_FILE ? ["-c", file] : []),
    ...(host.root === "" ? [] : ["--root", host.root]),
  ]);
}

/** Starts the engine that makes the real socket at this path. */
export function startEngine(path: string): string {
  const service = path.endsWith("/podman.sock") ? "podman.socket" : "docker.service";
  return path.startsWith("/run/user/")
    ? `systemctl --user start ${service}`
    : `systemctl start ${service}`;
}

/** Starts the gate anew, its sockets too. */
export function startGate({ host, configured: { file, config } }: Facts): string {
  const known = (unit: string) => readUnit(host, unit) !== undefined;
  if (known("postern.service")) {
    const sockets = config === undefined ? [] : socketUnits(config).map(([name]) => name);
    return line("systemctl", "restart", [...sockets.filter(known), "postern.service"]);
  }
  return line("postern", "serve", file !== undefined && isAbsolute(file) ? ["-c", file] : []);
}

/** Shows what runs in containers that may be the gate's. */
export function seeContainer(ids: Iterable<string>): string {
  return line(
    ...["docker", "inspect", "-f", "{{.Name}} {{.Config.Image}} {{.Image}} {{.Path}} {{.Args}}"],
    [...ids].map((id) => id.slice(0, 12)),
  );
}

/** A command of these words. */
export function line(...words: readonly (string | readonly string[])[]): string {
  return words.flat().map(shellWord).join(" ");
}
