import { basename, dirname, isAbsolute, join, normalize } from "node:path";
import { type Diagnostic, wholeFile } from "./diagnostics.ts";
import { type Path, YamlFile } from "./document.ts";
import type { ConfigFs } from "./fs.ts";
import { requireTrust, requireTrustedFolder, requireTrustedWay } from "./trust.ts";

type Report = (diagnostic: Diagnostic) => void;

/** Reads a YAML file that decides about access; an untrusted one is reported, and read all the same for its other mistakes. */
export function readYaml(
  fs: ConfigFs,
  file: string,
  label: string,
  report: Report,
): { yaml: YamlFile; text: string } | undefined {
  // Before it is read: where nobody else can change the way, nobody has by then.
  requireTrustedWay(fs, file, report);
  const found = fs.read(file);
  if ("failure" in found) {
    report(wholeFile("unreadable", file, `cannot read this file: ${found.failure}`));
    return undefined;
  }
  if (found.text === undefined) {
    report(wholeFile("untrusted", file, "must be a regular file"));
    return undefined;
  }
  requireTrust(fs, file, found, report);
  const yaml = new YamlFile(file, label, found.text);
  yaml.diagnostics.forEach(report);
  return { yaml, text: found.text };
}

/** The files that `policies` names, sorted by path; `label` is the path relative to the config file. */
export function findPolicyFiles(
  fs: ConfigFs,
  config: YamlFile,
  patterns: readonly { readonly value: string; readonly path: Path }[],
  report: Report,
): { file: string; label: string }[] {
  const found = new Map<string, string>();
  const fileOf = (label: string) =>
    isAbsolute(label) ? normalize(label) : join(dirname(config.file), label);
  for (const { value: text, path } of patterns) {
    const glob = /[*?]/.test(basename(text));
    const folder = glob ? dirname(text) : text;
    const stat = fs.stat(fileOf(folder));
    if ("failure" in stat) {
      report(config.atValue("unreadable", path, `cannot read ${fileOf(folder)}: ${stat.failure}`));
    } else if (!glob && stat.kind !== "directory") {
      found.set(fileOf(text), normalize(text));
    } else {
      requireTrustedFolder(fs, fileOf(folder), report);
      const names = fs.list(fileOf(folder));
      if ("failure" in names) {
        report(
          config.atValue("unreadable", path, `cannot list ${fileOf(folder)}: ${names.failure}`),
        );
        continue;
      }
      const wanted = glob ? patternOf(basename(text)) : /\.ya?ml$/;
      const labels = names.filter((name) => wanted.test(name) && !name.startsWith("."))
        .map((name) => join(folder, name))
        .filter((label) => fileOf(label) !== normalize(config.file));
      if (labels.length === 0) {
        const message = glob ? "matches no policy file" : "holds no policy file (*.yaml, *.yml)";
        const hint = "remove it, or put there what it was written for";
        report(config.atValue("no-files", path, `${text} ${message}`, hint));
      }
      for (const label of labels) found.set(fileOf(label), label);
    }
  }
  return [...found].map(([file, label]) => ({ file, label }))
    .sort((a, b) => a.file < b.file ? -1 : 1);
}

function patternOf(glob: string): RegExp {
  const source = RegExp.escape(glob).replaceAll("\\*", ".*").replaceAll("\\?", ".");
  return new RegExp(`^${source}$`, "s");
}
