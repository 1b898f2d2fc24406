import { posix } from "node:path";
import { engineRoutes, expectedName } from "./engine_routes.ts";

/** The order in which the engine registers its routers: the first route that matches is the one that runs. */
const routers = [
  /^\/containers\/\{name\}\/checkpoints/,
  /^\/(containers|exec|commit)/,
  /^\/images/,
  /^\/(_ping|info|version|events|system|auth)/,
  /^\/volumes/,
  /^\/(build|session)/,
  /^\/(swarm|services|nodes|tasks|secrets|configs)/,
  /^\/plugins/,
  /^\/distribution/,
  /^\/networks/,
  /^\/debug/,
  /^\/grpc/,
];
/** Where moby writes `{name:.*}`, which matches slashes as well; elsewhere a variable is one segment. */
const slashed = /^\/(containers|exec|images|volumes|plugins|distribution|networks)\//;

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly operation: string;
}

const rank = (template: string) => {
  const found = routers.findIndex((router) => router.test(template));
  return found < 0 ? routers.length : found;
};
const exactFirst = (template: string) => template.includes("{") ? 1 : 0;

const table: readonly Route[] = engineRoutes
  .filter(([method]) => method !== "OPTIONS")
  .toSorted(([, a], [, b]) => rank(a) - rank(b) || exactFirst(a) - exactFirst(b))
  .map(([method, template, id]) => {
    // Only the first variable of a checkpoint's path is one segment.
    const one = !slashed.test(template) || template.endsWith("{checkpoint}");
    const path = template.replaceAll(".", "\\.").replace(/\{[^}]*\}/g, one ? "[^/]+" : ".*");
    return {
      method,
      path: new RegExp(`^(?:/v[0-9.]+)?${path}$`),
      operation: expectedName(id),
    };
  });

/**
 * The operation that dockerd runs for a target as it was sent: net/url decodes the path, gorilla/mux redirects where it is not clean
 * and matches the rest. Undefined where nothing runs.
 */
export function routeOf(method: string, target: string): string | undefined {
  const raw = target.split("?", 1)[0]!;
  let path: string;
  try {
    path = decodeURIComponent(raw);
  } catch {
    return undefined;
  }
  if (method === "OPTIONS") return "system.options";
  const clean = posix.normalize(path);
  if (clean !== path) return undefined;
  return table.find((route) => route.method === method && route.path.test(path))?.operation;
}
