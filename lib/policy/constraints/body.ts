import { JsonError, parseJson } from "../../json/parse.ts";
import type { JsonDocument } from "../../json/value.ts";
import { checkShape, shapeOf } from "../bodies/check.ts";
import { type Denial, denied, refused } from "./finding.ts";
import type { Limits, Scrutinised } from "./types.ts";
import { shown } from "./wording.ts";

/**
 * The body of a request as the one thing that it says, or why it is not judged. Undefined when it is empty.
 */
export function readBody(limits: Limits, request: Scrutinised): JsonDocument | Denial | undefined {
  const { operation, contentType, body } = request;
  if (body === undefined || body.length === 0) return undefined;
  const limit = limits.body_limit;
  if (limit !== undefined && body.length > limit) {
    return refused(
      413,
      `the body is ${body.length} bytes long, and no more than ${limit} are judged (body_limit)`,
    );
  }
  if (!isJson(contentType) && !(contentType === "" && takesAnyType(operation))) {
    const seen = contentType === "" ? "it is missing" : `not ${shown(contentType)}`;
    return refused(400, `the Content-Type must be application/json, ${seen}`);
  }
  return parse(limits, operation, body);
}

function parse(limits: Limits, operation: string, body: Uint8Array): JsonDocument | Denial {
  let document: JsonDocument;
  try {
    document = parseJson(body);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return refused(400, `the body is ${error.reason} at character ${error.offset}`);
  }
  const shape = shapeOf(operation);
  if (shape === undefined) return denied("unknown_fields", "its body is not known", "");
  // Under "allow", too, what the engine would take for a known field is refused: what is judged is what it reads.
  const problem = checkShape(document.root, shape, limits.unknown_fields ?? "allow");
  if (problem === undefined) return document;
  if (problem.kind === "type") return refused(400, problem.reason);
  const wouldDo = checkShape(document.root, shape, "allow") === undefined;
  return denied("unknown_fields", problem.reason, wouldDo ? "unknown_fields: allow" : "");
}

/** Go's mime.ParseMediaType: in any case, and parameters change nothing. */
function isJson(contentType: string): boolean {
  return contentType.split(";", 1)[0]!.trim().toLowerCase() === "application/json";
}

/** The engine checks no type there up to 20.10, Podman on none of its own routes, and clients send none. */
function takesAnyType(operation: string): boolean {
  return operation.startsWith("services.") || operation.startsWith("podman-");
}
