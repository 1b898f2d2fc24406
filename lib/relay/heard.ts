import type { Finding } from "../policy/constraints/types.ts";
import type { Judged } from "./judge.ts";
import type { Passed } from "./rewrite.ts";

/** Bodies that are remembered at a time by one worker, and the longest of them in bytes: 16 MiB in all, and some times that for what is filled in. */
const MOST = 256;
const LONGEST = 64 * 1024;

const remembered: (Judged | undefined)[] = Array(MOST).fill(undefined);
let next = 0;

/** The finding about a request of the very same bytes, where it was found in them alone. */
export function recallFinding({ heard }: Judged, body: Uint8Array): Finding | undefined {
  if (heard === undefined || heard.body.length !== body.length) return undefined;
  const known = heard.body;
  for (let i = 0; i < known.length; i++) if (known[i] !== body[i]) return undefined;
  return heard.finding;
}

/** Keeps a finding that depends on head and body alone; the one that has been kept longest makes room. */
export function rememberFinding(judged: Judged, body: Uint8Array, finding: Finding): void {
  if (body.length > LONGEST) return;
  if (judged.heard === undefined) {
    const oldest = remembered[next];
    if (oldest !== undefined) delete oldest.heard;
    remembered[next] = judged;
    next = (next + 1) % MOST;
  }
  judged.heard = { body: body.slice(), finding: finding.ok ? lean(finding) : finding };
}

/** Without the parsed body, which takes a hundred times the room of its text. */
function lean(finding: Passed): Finding {
  const { document, ...rest } = finding;
  if (document === undefined || rest.edits.length === 0) return rest;
  return { ...rest, document: { text: document.text } };
}
