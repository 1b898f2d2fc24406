import { dirname, isAbsolute, join } from "node:path";
import { TlsError } from "../linux/openssl.ts";
import { TlsContext, type TlsMaterial } from "../linux/tls_context.ts";
import { type Diagnostic, wholeFile } from "./diagnostics.ts";
import type { Path, YamlFile } from "./document.ts";
import type { ConfigFs } from "./fs.ts";
import type { LooseListener } from "./schema.ts";
import { shellWord } from "./shell.ts";
import { requireTrust, requireTrustedWay } from "./trust.ts";

type Report = (diagnostic: Diagnostic) => void;

const READABLE_BY_OTHERS = 0o004;
const keys = { cert: "cert", key: "key", client_ca: "clientCa" } as const;

/**
 * A listener's certificate, key and the authority of its clients, read and tried. They decide who gets in, as policy files do, and
 * are trusted as these are; undefined when something is wrong with them.
 */
export function resolveTls(
  yaml: YamlFile,
  path: Path,
  tls: NonNullable<LooseListener["tls"]>,
  fs: ConfigFs,
  report: Report,
): TlsMaterial | undefined {
  const files: Record<string, string> = {};
  const bytes: Record<string, Uint8Array<ArrayBuffer>> = {};
  let fine = true;
  const wrong = (diagnostic: Diagnostic) => {
    fine = false;
    report(diagnostic);
  };
  for (const key of Object.keys(keys) as (keyof typeof keys)[]) {
    const written = tls[key];
    // One that is missing was reported as such.
    if (written === undefined) {
      fine = false;
      continue;
    }
    const file = isAbsolute(written) ? written : join(dirname(yaml.file), written);
    const text = readTrusted(fs, file, key === "key", (problem, hint) => {
      wrong(yaml.atValue("unreadable", [...path, key], `${key} ${problem}`, hint));
    }, wrong);
    if (text === undefined) continue;
    files[keys[key]] = file;
    bytes[keys[key]] = new TextEncoder().encode(text);
  }
  if (!fine) return undefined;
  const material = { ...bytes, files } as unknown as TlsMaterial;
  try {
    new TlsContext(material).close();
    return material;
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    report(yaml.atKey("bad-tls", path, `tls cannot be used: ${error.message}`));
    return undefined;
  }
}

function readTrusted(
  fs: ConfigFs,
  file: string,
  secret: boolean,
  unreadable: (problem: string, hint?: string) => void,
  report: Report,
): string | undefined {
  requireTrustedWay(fs, file, report);
  const found = fs.read(file);
  if ("failure" in found) return void unreadable(`cannot be read: ${file}: ${found.failure}`);
  if (found.text === undefined) return void unreadable(`must be a regular file: ${file}`);
  requireTrust(fs, file, found, report);
  if (secret && (found.mode & READABLE_BY_OTHERS) !== 0) {
    const mode = found.mode.toString(8).padStart(4, "0");
    const message = `this key can be read by everybody (mode ${mode})`;
    report(wholeFile("untrusted", file, message, `run: chmod o-r ${shellWord(file)}`));
  }
  return found.text;
}
