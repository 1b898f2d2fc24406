import { apparmor } from "../../lib/harden/apparmor.ts";
import { factsOf, type Host } from "../unit/harden/facts_of.ts";
import { which } from "./private_engine.ts";

/** Why profiles cannot be compiled here, or undefined. */
export function missingForApparmor(): string | undefined {
  if (which("apparmor_parser") === undefined) {
    return "apparmor_parser not found (apt-get install apparmor)";
  }
  try {
    Deno.statSync("/etc/apparmor.d/abstractions/base");
    return undefined;
  } catch {
    return "/etc/apparmor.d/abstractions not found (apt-get install apparmor)";
  }
}

/** What the part writes below /etc/apparmor.d on a host whose parser has this abi, the older ones too: text by path. */
export function profilesFor(host: Host, abi: "5.0" | "3.0" | undefined = "3.0") {
  const abis = abi === undefined ? [] : abi === "3.0" ? ["3.0"] : ["3.0", "4.0", "5.0"];
  const files = ["abstractions/base", ...abis.map((version) => `abi/${version}`)];
  const there = Object.fromEntries(files.map((path) => [`/etc/apparmor.d/${path}`, ""]));
  const plan = apparmor.plan(
    factsOf({ ...host, files: { ...host.files, ...there }, programs: ["apparmor_parser"] }),
  );
  return new Map(
    plan.steps.flatMap((step) =>
      step.kind === "file" ? [[step.path, step.content(undefined)] as const] : []
    ),
  );
}
