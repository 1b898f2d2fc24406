import { operationNamed } from "../operations.ts";
import { type Denial, denied, refused } from "./finding.ts";
import { findContainer, type FoundContainer, isTold, type Told } from "./lookups.ts";
import { allows } from "./patterns.ts";
import { judgeImage } from "./references.ts";
import type { Answer, ContainerSelector, Lookup } from "./types.ts";
import { shown, yamlWord } from "./wording.ts";

/** Selectors that a hint repeats. */
const MANY = 5;

type Asking<T> = Generator<Lookup, T, Answer>;

/** What may be asked for: `a/b` is the alias of a link, and another container's. */
const execId = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/**
 * The container that the engine means by `name`, if one of the selectors takes it: what goes to the engine afterwards is its full id,
 * because names move by rename, and a container that is named as the beginning of another's id stands before it. Without
 * selectors nothing is asked, and the name stays.
 */
export function* resolveContainer(
  selectors: readonly ContainerSelector[] | undefined,
  name: string,
): Asking<{ readonly id: string } | Denial> {
  if (selectors === undefined) return { id: name };
  const container = yield* findContainer(name);
  if (!container.ok) return container;
  for (const selector of selectors) {
    if (yield* matches(selector, container)) return { id: container.id };
  }
  return denied(
    "containers",
    `${shown(container.name)} (image ${shown(imageOf(container))}) is not among ${
      describe(selectors)
    }`,
    hintFor(selectors, container.name),
  );
}

/** The selectors that there are, and one more. */
function hintFor(selectors: readonly ContainerSelector[], name: string): string {
  const own = selectors.length > MANY ? ["…"] : selectors.map((selector) => {
    const conditions = (["name", "label", "image"] as const).flatMap((key) => {
      const words = selector[key];
      return words === undefined ? [] : [`${key}: [${words.map(yamlWord).join(", ")}]`];
    });
    return `{ ${conditions.join(", ")} }`;
  });
  return `containers: [${[...own, `{ name: [${yamlWord(name)}] }`].join(", ")}]`;
}

/** The container that an exec runs in, if one of the selectors takes it. */
export function* resolveExec(
  selectors: readonly ContainerSelector[] | undefined,
  name: string,
): Asking<Denial | undefined> {
  if (selectors === undefined) return undefined;
  if (!execId.test(name)) return refused(400, `${shown(name)} is not the id of an exec`);
  const answer = yield { kind: "exec", name };
  if ("absent" in answer) return refused(404, answer.absent);
  if ("failed" in answer) return refused(502, answer.failed);
  const id = isTold(answer.found) ? answer.found["ContainerID"] : undefined;
  if (typeof id !== "string" || !/^[0-9a-f]{64}$/.test(id)) {
    return refused(502, `cannot tell which container the exec ${name} is in`);
  }
  const container = yield* resolveContainer(selectors, id);
  return "ok" in container ? container : undefined;
}

function* matches(selector: ContainerSelector, container: FoundContainer): Asking<boolean> {
  if (!allows(selector.name, container.name)) return false;
  const labels = configOf(container)["Labels"];
  if (!(selector.label ?? []).every((wanted) => hasLabel(labels, wanted))) return false;
  if (selector.image === undefined) return true;
  return (yield* judgeImage(selector.image, imageOf(container))) === undefined;
}

function hasLabel(labels: unknown, wanted: string): boolean {
  if (!isTold(labels)) return false;
  const equals = wanted.indexOf("=");
  if (equals < 0) return Object.hasOwn(labels, wanted);
  const name = wanted.slice(0, equals);
  return Object.hasOwn(labels, name) && labels[name] === wanted.slice(equals + 1);
}

/** The image as it was written when the container was made. */
function imageOf(container: FoundContainer): string {
  const image = configOf(container)["Image"];
  return typeof image === "string" ? image : "";
}

function configOf({ told }: FoundContainer): Told {
  const config = told["Config"];
  return isTold(config) ? config : {};
}

function describe(selectors: readonly ContainerSelector[]): string {
  if (selectors.length === 0) return "the containers of this policy: it selects none";
  return selectors.map(({ name, label, image }) =>
    [
      ...(name === undefined ? [] : [`name ${name.join(" or ")}`]),
      ...(label === undefined ? [] : [`label ${label.join(" and ")}`]),
      ...(image === undefined ? [] : [`image ${image.join(" or ")}`]),
    ].join(", ")
  ).join("; ");
}

/** Where an operation names the container that it is about. */
export type Place = "path" | "exec" | "query" | "body" | "none";

/** Where an operation names its container: in its path, by an exec, in ?container=, in the body, or not at all. */
export function placeOf(operation: string): Place {
  const base = operationNamed(operation)?.variantOf ?? operation;
  switch (base) {
    case "containers.commit":
    case "podman-containers.commit":
      return "query";
    case "networks.connect":
    case "networks.disconnect":
      return "body";
    case "containers.prune":
    case "podman-containers.prune":
      return "none";
    default:
      return /^(?:podman-)?exec\./.test(base) ? "exec" : "path";
  }
}
