import type { Json, JsonObject } from "../../json/value.ts";
import { quoted } from "../../json/quoted.ts";
import { closest } from "../suggest.ts";
import { bodies } from "./bodies.ts";
import { fold, type Shape, type Struct } from "./shape.ts";

/** What the body of an operation may hold, or undefined where no body is judged. */
export function shapeOf(operation: string): Shape | undefined {
  return bodies.get(operation);
}

/** What is wrong with a body. */
export interface Misshapen {
  /** A value of a type that the engine refuses, or a field that is not known, or not spelt as the API spells it. */
  readonly kind: "type" | "field";
  /** Without a final period: `HostConfig.Privileged must be true or false, not the number 1`. */
  readonly reason: string;
}

/** The first thing that is wrong, or undefined. `allow` lets unknown fields pass, but none that Go would fold to a known one. */
export function checkShape(
  root: Json,
  shape: Shape,
  unknownFields: "deny" | "allow" | undefined,
): Misshapen | undefined {
  const problem = check(root, shape, unknownFields === "allow");
  if (problem === undefined) return undefined;
  const path = problem.path.reverse().join("").replace(/^\./, "");
  return { kind: problem.kind, reason: `${path === "" ? "the body" : path} ${problem.reason}` };
}

/** The parts of the path come innermost first. */
interface Problem {
  readonly kind: Misshapen["kind"];
  readonly path: string[];
  readonly reason: string;
}

function check(value: Json, shape: Shape, lenient: boolean): Problem | undefined {
  if (value.kind === "null") return undefined;
  switch (shape.kind) {
    case "any":
      return undefined;
    case "bool":
      return value.kind === "boolean" ? undefined : wrong(value, "true or false");
    case "string":
      return value.kind === "string" ? undefined : wrong(value, "a string");
    case "int":
      return value.kind === "number" && integer.test(value.text)
        ? undefined
        : wrong(value, "an integer");
    case "float":
      return value.kind === "number" ? undefined : wrong(value, "a number");
    case "string-or-list":
      if (value.kind === "string") return undefined;
      return checkItems(value, { kind: "string" }, "a string or a list of strings", lenient);
    case "list":
      return checkItems(value, shape.of, "a list", lenient);
    case "map":
      return checkMap(value, shape.of, lenient);
    case "refused":
      return isEmpty(value) ? undefined : stranger(shape.reason);
    case "struct":
      return value.kind === "object"
        ? checkStruct(value, shape, lenient)
        : wrong(value, "an object");
  }
}

const integer = /^-?[0-9]+$/;

function checkItems(
  value: Json,
  of: Shape,
  wanted: string,
  lenient: boolean,
): Problem | undefined {
  if (value.kind !== "array") return wrong(value, wanted);
  const { items } = value;
  for (let i = 0; i < items.length; i++) {
    const problem = check(items[i]!, of, lenient);
    if (problem !== undefined) return within(`[${i}]`, problem);
  }
  return undefined;
}

function checkMap(value: Json, of: Shape, lenient: boolean): Problem | undefined {
  if (value.kind !== "object") return wrong(value, "an object");
  for (const [key, member] of value.members) {
    const problem = check(member, of, lenient);
    if (problem !== undefined) return within(`[${quoted(key, 60)}]`, problem);
  }
  return undefined;
}

function checkStruct(value: JsonObject, struct: Struct, lenient: boolean): Problem | undefined {
  for (const [name, member] of value.members) {
    const field = struct.fields.get(name);
    const problem = field === undefined
      ? checkStranger(name, member, struct, lenient)
      : check(member, field.shape, lenient);
    if (problem !== undefined) return within(segment(name), problem);
  }
  for (const [one, other] of struct.twins) {
    if (value.members.has(one) && value.members.has(other)) {
      return within(segment(other), stranger(`is there beside ${one}, which is the same`));
    }
  }
  return undefined;
}

/** A member that is no field: null is what clients write that know more fields than the engine. */
function checkStranger(
  name: string,
  member: Json,
  struct: Struct,
  lenient: boolean,
): Problem | undefined {
  const folded = fold(name);
  const spelling = struct.folded.get(folded);
  if (spelling !== undefined) {
    return stranger(`has to be spelt ${spelling}: the engine takes it for that`);
  }
  if (member.kind === "null") return undefined;
  const place = struct.misplaced.get(folded);
  if (place !== undefined) {
    // dockerode's run() sends "VolumesFrom": [] beside HostConfig.
    if (folded === "volumesfrom" && isEmpty(member)) return undefined;
    return stranger(
      `is a field of HostConfig: write it as ${place} (engines up to 26 would apply it here)`,
    );
  }
  if (lenient) return undefined;
  const meant = closest(name, [...struct.fields.keys()]);
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
  return stranger(`is not a field of this request that Postern knows${hint}`);
}

function stranger(reason: string): Problem {
  return { kind: "field", path: [], reason };
}

function isEmpty(value: Json): boolean {
  switch (value.kind) {
    case "array":
      return value.items.length === 0;
    case "object":
      return value.members.size === 0;
    case "string":
      return value.value === "";
    default:
      return false;
  }
}

function wrong(value: Json, wanted: string): Problem {
  return { kind: "type", path: [], reason: `must be ${wanted}, not ${describe(value)}` };
}

function describe(value: Json): string {
  switch (value.kind) {
    case "object":
      return "an object";
    case "array":
      return "a list";
    case "string":
      return `the string ${quoted(value.value, 40)}`;
    case "number":
      return `the number ${value.text.slice(0, 40)}`;
    case "boolean":
      return String(value.value);
    case "null":
      return "null";
  }
}

/** Names come from whoever sent the body, and the path ends up in a log. */
function segment(name: string): string {
  return /^\w{1,60}$/.test(name) ? `.${name}` : `[${quoted(name, 60)}]`;
}

function within(part: string, problem: Problem): Problem {
  problem.path.push(part);
  return problem;
}
