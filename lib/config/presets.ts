import { closest } from "../policy/suggest.ts";
import { suggestion } from "./clients.ts";
import { type Diagnostic, wholeFile } from "./diagnostics.ts";
import { YamlFile } from "./document.ts";
import { describeFailure } from "./failure.ts";
import { validate } from "./issues.ts";
import type { PolicyFile } from "./policies.ts";
import { type LooseConfig, policySchema } from "./schema.ts";

/** The policies that ship beside the program, in policies/; none is read before somebody names it. */
export const presetNames: readonly string[] = [
  "autoheal",
  "cadvisor",
  "ci-build",
  "ci-buildx",
  "compose-project",
  "diun",
  "dozzle",
  "github-actions",
  "gitlab-runner",
  "homepage",
  "portainer",
  "portainer-read-only",
  "testcontainers",
  "traefik",
  "vscode-devcontainers",
  "watchtower",
];

const folder = new URL("../../policies/", import.meta.url);

/**
 * The presets that a configuration names without having a policy file of that name, and those that they extend. They are part
 * of the program, and trusted as it is.
 */
export function namedPresets(
  config: LooseConfig,
  files: readonly PolicyFile[],
  report: (diagnostic: Diagnostic) => void,
): PolicyFile[] {
  const own = new Set(files.map(({ data }) => data.name));
  const wanted = [
    config.default,
    config.authz?.anonymous,
    config.authz?.default,
    ...Object.values(config.authz?.users ?? {}),
    ...(config.listeners ?? []).map((listener) => listener?.policy),
    ...(config.clients ?? []).map((client) => client?.policy),
    ...files.map(({ data }) => data.extends),
  ];
  const found = new Map<string, PolicyFile>();
  for (const name of wanted) {
    if (name === undefined || own.has(name) || found.has(name)) continue;
    const preset = presetNames.includes(name) ? readPreset(name, report) : undefined;
    if (preset === undefined) continue;
    found.set(name, preset);
    wanted.push(preset.data.extends);
  }
  return [...found.values()];
}

function readPreset(
  name: string,
  report: (diagnostic: Diagnostic) => void,
): PolicyFile | undefined {
  const label = `preset ${name}`;
  let text: string;
  try {
    text = Deno.readTextFileSync(new URL(`${name}.yaml`, folder));
  } catch (error) {
    const message = `cannot read what belongs to this program: ${describeFailure(error)}`;
    report(wholeFile("unreadable", label, message));
    return undefined;
  }
  const yaml = new YamlFile(label, label, text);
  const { data, diagnostics } = validate(policySchema, yaml);
  [...yaml.diagnostics, ...diagnostics].forEach(report);
  return data === undefined ? undefined : { yaml, data, preset: true };
}

/** `did you mean …`, of policies and presets, or all the policies that there are. */
export function policyHint(word: string, known: readonly string[]): string {
  const near = closest(word, [...known, ...presetNames]);
  return near === undefined ? suggestion(word, known, "policies") : `did you mean ${near}`;
}
