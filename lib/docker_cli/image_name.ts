/** The parts of an image reference as docker cuts it: `registry:5000/app:1` → `registry:5000/app` and `1`. */
export interface ImageName {
  readonly repository: string;
  /** "" when there is none. */
  readonly tag: string;
  readonly digest: string;
}

export function splitImage(text: string): ImageName {
  const at = text.indexOf("@");
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(":");
  const tagged = colon > named.lastIndexOf("/");
  return {
    repository: tagged ? named.slice(0, colon) : named,
    tag: tagged ? named.slice(colon + 1) : "",
    digest: at < 0 ? "" : text.slice(at + 1),
  };
}

/** With its registry: `alpine` → `docker.io/library/alpine` (distribution/reference, ParseNormalizedNamed). */
export function withRegistry(repository: string): string {
  const [first, ...rest] = repository.split("/") as [string, ...string[]];
  if (rest.length > 0 && (/[.:]/.test(first) || first === "localhost")) {
    return first === "index.docker.io" ? `docker.io/${rest.join("/")}` : repository;
  }
  return rest.length === 0 ? `docker.io/library/${first}` : `docker.io/${repository}`;
}
