import { routes } from "../policy/operations.ts";
import type { Operation } from "../policy/types.ts";

/** A request as somebody's rules see it: no query, nothing encoded. */
export interface Sample {
  readonly method: string;
  /** Without a version. */
  readonly path: string;
  /** The route that it calls, `POST /containers/{id}/stop`. */
  readonly route: string;
  /** What stands in the place of the name. */
  readonly object?: string;
  /** Whether that is what the engine named it, or what people did. */
  readonly spelling?: "id" | "name";
  /** It is not one of the usual ones, but was asked for. */
  readonly extra?: true;
}

const HEX = "4c01db0b339c7d2f4a5ee2b8a1f9c03d6e7f80912a3b4c5d6e7f8091a2b3c4d5";

/** One segment, `{id}`. */
const narrow = {
  id: [HEX, HEX.slice(0, 12)],
  name: ["web", "my_app-db.1", "A1"],
};

/** One or more segments, `{name…}`: images, volumes, plugins. */
const wide = {
  id: [HEX, HEX.slice(0, 12)],
  name: ["alpine", "library/alpine:3.20", "registry.example.com:5000/team_a/my-app.web:v1.2"],
};

const LOWER = "abcdefghijklmnopqrstuvwxyz0123456789";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Ids and names that begin and end in every way there is, and one as long as they get: a pattern may leave some out. */
const thorough = {
  id: [..."0123456789abcdef"].flatMap((digit) => [
    digit + HEX.slice(2) + digit,
    digit + HEX.slice(0, 10) + digit,
  ]),
  narrowNames: [...LOWER + UPPER].map((letter) => `${letter}x-${letter}`).concat("n".repeat(63)),
  wideNames: [...LOWER].map((letter) => `${letter}x/${letter}`).concat("n".repeat(63)),
};

/** What has no name of its own. */
const withoutNames = new Set(["exec", "podman-exec", "tasks"]);
/** What has no id. */
const withoutIds = new Set([
  ...["volumes", "podman-volumes", "distribution", "podman-manifests", "podman-quadlets", "debug"],
  ...["podman-systemd"],
]);

/** What stands in routes, and is no name. */
export const fixedWords: ReadonlySet<string> = new Set(
  routes.flatMap(({ template }) => template.split("/")),
);

/** Requests for every route of an operation, with every spelling of a name. `extra` are further names to try. */
export function samplesOf(operation: Operation, extra: readonly string[] = []): Sample[] {
  return routesOf(operation).flatMap(({ method, template }) =>
    spelled(operation.name, method, template, extra)
  );
}

/** One request for every route of an operation, with a name that is a name anywhere. */
export function examplesOf(operation: Operation): Sample[] {
  return routesOf(operation).map(({ method, template }) => ({
    method,
    route: `${method} ${template}`,
    path: template.replace(/\{[^}]+\}/g, "web"),
  }));
}

function routesOf({ name, variantOf }: Operation) {
  const base = variantOf ?? sameRoutes[name] ?? name;
  return routes.filter(({ operation }) => operation.name === base);
}

/** Operations that only the query tells from another. */
const sameRoutes: Readonly<Record<string, string>> = { "images.import": "images.pull" };

function spelled(
  operation: string,
  method: string,
  template: string,
  extra: readonly string[],
): Sample[] {
  const route = `${method} ${template}`;
  if (!template.includes("{")) return [{ method, path: template, route }];
  const group = operation.split(".")[0]!;
  const { id, name } = template.includes("…") ? wide : narrow;
  const names = group === "volumes" ? narrow.name : name;
  const called = (spelling: "id" | "name") => (object: string): Sample => ({
    method,
    path: template.replace(/\{[^}]+\}/g, () => object),
    route,
    object,
    spelling,
  });
  return [
    ...(withoutIds.has(group) ? [] : id).map(called("id")),
    ...(withoutNames.has(group) ? [] : names).map(called("name")),
    ...extra.filter((word) => ![...id, ...names].includes(word)).map((word): Sample => ({
      ...called("name")(word),
      extra: true,
    })),
  ];
}

/** Many more requests like one of the samples: the same route, with objects that are called in the same spelling. */
export function alike({ route, spelling }: Sample): Sample[] {
  if (spelling === undefined) return [];
  const [method, template] = route.split(" ") as [string, string];
  const names = template.includes("…") && !template.startsWith("/volumes/")
    ? thorough.wideNames
    : thorough.narrowNames;
  return (spelling === "id" ? thorough.id : names).map((object) => ({
    method,
    path: template.replace(/\{[^}]+\}/g, () => object),
    route,
    object,
    spelling,
  }));
}
