import type { Target } from "../../http/target.ts";
import { type Denial, denied, fine } from "./finding.ts";
import { Parameters } from "./parameters.ts";
import { isOpen } from "./patterns.ts";
import { allowsName, imageDenied, judgeImage, parseImage, withDefaultTag } from "./references.ts";
import type { ImageName } from "./references.ts";
import type { Allowed, Constraints, Limits, Scrutinised, Scrutiny } from "./types.ts";
import { shown } from "./wording.ts";

/** `docker pull`: without a tag it is all of them (`--all-tags`). */
// deno-lint-ignore require-yield
export function* scrutinisePull({ limits }: Constraints, { target }: Scrutinised): Scrutiny {
  const parameters = new Parameters(target);
  // The engine takes one colon off the end: old clients ask for all tags that way.
  const image = parameters.one("fromImage").replace(/:$/, "");
  const tag = parameters.one("tag");
  return judgeName(limits.images, image, withTag(parseImage(image), tag)) ?? fine;
}

/** `docker import`: from the body where fromSrc is `-`, else from where it says. */
// deno-lint-ignore require-yield
export function* scrutiniseImport({ limits }: Constraints, { target }: Scrutinised): Scrutiny {
  const parameters = new Parameters(target);
  const source = parameters.one("fromSrc");
  if (limits.remote === false && source !== "-") {
    return denied("remote", `the engine would fetch ${shown(source)}`, "remote: true");
  }
  if (source !== "-" && !/^https?:\/\//i.test(source)) {
    const reason = `${
      shown(source)
    } is no URL, and Podman would read a file of its host; write http://`;
    return denied("remote", reason, "");
  }
  return judgeTarget(limits.images, parameters, false) ?? fine;
}

/** What the engine reads of a push; Podman takes more by Docker's path, too. */
const pushed = new Set(["tag", "platform"]);

/** `docker push`: without a tag it is all of them. */
// deno-lint-ignore require-yield
export function* scrutinisePush({ limits }: Constraints, { target }: Scrutinised): Scrutiny {
  const image = nameInPath(target);
  const parameters = new Parameters(target);
  const tag = parameters.one("tag");
  return parameters.strange(limits, pushed, "a push") ?? judgeDestination(limits, parameters) ??
    judgeName(limits.images, image, withTag(parseImage(image), tag)) ?? fine;
}

/** Where Podman sends the image instead: `dir:/etc` makes files on its host. */
function judgeDestination(limits: Limits, parameters: Parameters): Denial | undefined {
  const destination = parameters.one("destination");
  if (destination === "") return undefined;
  const image = parseImage(destination.replace(/^docker:\/\//, ""));
  if (image !== undefined) return judgeName(limits.images, destination, image);
  return denied("images", `${shown(destination)} is not an image reference`, "");
}

/**
 * `docker tag`: the new name, and the image that gets it. An image of somebody else's, or one without a name, that took an allowed
 * name could be run and pushed by it.
 */
export function* scrutiniseTag({ limits }: Constraints, { target }: Scrutinised): Scrutiny {
  return judgeTarget(limits.images, new Parameters(target), true) ??
    (yield* judgeImage(limits.images, nameInPath(target))) ?? fine;
}

/** `docker load`. */
// deno-lint-ignore require-yield
export function* scrutiniseLoad({ limits }: Constraints, _request: Scrutinised): Scrutiny {
  if (isOpen(limits.images)) return fine;
  return denied("images", "the archive gives its images the names that it likes", "images: any");
}

/** The name in `/images/{name…}/tag`. */
function nameInPath({ segments }: Target): string {
  return segments.slice(segments.indexOf("images") + 1, -1).join("/");
}

/** The name in `repo` and `tag`, `latest` where it has none; images may stay without one unless it is `needed`. */
export function judgeTarget(
  allowed: Allowed | undefined,
  parameters: Parameters,
  needed: boolean,
): Denial | undefined {
  const repo = parameters.one("repo");
  const tag = parameters.one("tag");
  if (repo === "" && !needed) return undefined;
  const image = withTag(parseImage(repo), tag);
  return judgeName(allowed, repo, image === undefined ? undefined : withDefaultTag(image));
}

/** The name that an image gets, or that is fetched or sent; `text` is what the client wrote. */
export function judgeName(
  allowed: Allowed | undefined,
  text: string,
  image: ImageName | undefined,
): Denial | undefined {
  if (isOpen(allowed)) return undefined;
  if (image === undefined) {
    return denied("images", `${shown(text)} is not an image reference`, "");
  }
  return allowsName(allowed, image) ? undefined : imageDenied(allowed, image);
}

/**
 * A name with the tag of a parameter, which may be a digest and replaces the name's own tag; a digest in the name stays (moby
 * PullImage, reference.WithTag).
 */
function withTag(image: ImageName | undefined, tag: string): ImageName | undefined {
  if (image === undefined || tag === "") return image;
  const separator = tag.includes(":") ? "@" : ":";
  const tagged = parseImage(`${image.name}${separator}${tag}`);
  if (tagged === undefined || tagged.digest !== undefined || image.digest === undefined) {
    return tagged;
  }
  return { ...tagged, digest: image.digest };
}
