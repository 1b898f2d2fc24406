import assert from "node:assert/strict";
import {
  formatImage,
  imageAllows,
  judgeImage,
  parseImage,
  withDefaultTag,
} from "../../../../lib/policy/constraints/references.ts";
import type { Finding } from "../../../../lib/policy/constraints/types.ts";
import { fine } from "../../../../lib/policy/constraints/finding.ts";
import { outcome, run, type World } from "./run.ts";

const digest = `sha256:${"ab".repeat(32)}`;
const other = `sha256:${"cd".repeat(32)}`;

/** As the judges do it, in its steps. */
function normaliseImage(text: string): string | undefined {
  const image = parseImage(text);
  return image === undefined ? undefined : formatImage(withDefaultTag(image));
}

Deno.test("references are read as distribution/reference reads them", () => {
  const table: Readonly<Record<string, string | undefined>> = {
    "alpine": "docker.io/library/alpine:latest",
    "alpine:3.20": "docker.io/library/alpine:3.20",
    "library/alpine": "docker.io/library/alpine:latest",
    "docker.io/alpine": "docker.io/library/alpine:latest",
    "index.docker.io/library/alpine": "docker.io/library/alpine:latest",
    "grafana/loki:3": "docker.io/grafana/loki:3",
    "localhost/app": "localhost/app:latest",
    "localhost:5000/app:1": "localhost:5000/app:1",
    "registry.example.com/ci/app": "registry.example.com/ci/app:latest",
    "Registry/app": "Registry/app:latest",
    "[2001:db8::1]:5000/app": "[2001:db8::1]:5000/app:latest",
    "registry:5000": "docker.io/library/registry:5000",
    [`alpine@${digest}`]: `docker.io/library/alpine@${digest}`,
    [`alpine:3.20@${digest}`]: `docker.io/library/alpine@${digest}`,
    "a__b/c-_d": undefined,
    "Alpine": undefined,
    "alpine:": undefined,
    "alpine@sha256:ab": undefined,
    "/alpine": undefined,
    "alpine/": undefined,
    "a//b": undefined,
    "alpine:3.20:1": undefined,
    "al pine": undefined,
    "": undefined,
    [digest.slice(7)]: undefined,
    "https://registry.example.com/app": undefined,
  };
  for (const [text, normal] of Object.entries(table)) {
    assert.equal(normaliseImage(text), normal, text);
    if (normal !== undefined) assert.equal(normaliseImage(normal), normal, normal);
  }
});

Deno.test("patterns are filled in like references, and without a tag are for every tag", () => {
  const table: readonly [
    pattern: string,
    allowed: readonly string[],
    refused: readonly string[],
  ][] = [
    ["alpine", ["alpine", "alpine:3.20", "docker.io/library/alpine", `alpine@${digest}`], [
      "alpine-evil",
      "evil/alpine",
      "registry.example.com/alpine",
      "registry.example.com/library/alpine",
    ]],
    ["alpine:3.20", ["alpine:3.20"], ["alpine", "alpine:3.201", `alpine:3.20@${digest}`]],
    ["alpine:3.*", ["alpine:3.20"], ["alpine:edge", `alpine@${digest}`]],
    ["alpine:*", ["alpine", `alpine@${digest}`], ["alpine-evil"]],
    [`alpine@${digest}`, [`alpine@${digest}`, `alpine:1@${digest}`], ["alpine", `alpine@${other}`]],
    ["registry.example.com/ci/**", [
      "registry.example.com/ci/app",
      "registry.example.com/ci/a/b:1",
      `registry.example.com/ci/app@${digest}`,
    ], [
      "registry.example.com/ci",
      "registry.example.com/cia/app",
      "registry.example.com.evil.example/ci/app",
      "registryXexample.com/ci/app",
      "ci/app",
      "registry.example.com:443/ci/app",
    ]],
    ["registry.example.com/ci/*", ["registry.example.com/ci/app"], [
      "registry.example.com/ci/a/b",
    ]],
    ["*.example.com/app", ["a.example.com/app"], ["example.com/app", "docker.io/app"]],
    ["*", ["alpine"], ["grafana/loki", "registry.example.com/alpine"]],
    ["**", ["alpine", "registry.example.com/a/b:1"], ["Not A Reference"]],
  ];
  for (const [pattern, allowed, refused] of table) {
    for (const text of allowed) assert.ok(imageAllows([pattern], text), `${pattern} ${text}`);
    for (const text of refused) assert.ok(!imageAllows([pattern], text), `${pattern} ${text}`);
  }
});

function judged(reference: string, allowed: readonly string[], world: World = {}) {
  return run(
    (function* () {
      return (yield* judgeImage(allowed, reference)) ?? fine as Finding;
    })(),
    world,
  );
}

Deno.test("ids and parts of ids are what the engine has by them, whatever they look like", () => {
  const world = {
    "image cafe": { Id: digest, RepoTags: ["evil:1"], RepoDigests: [] },
    "image sha256:cafe": { Id: digest, RepoTags: ["alpine:3.20"] },
    "image beef": { Id: digest, RepoTags: [], RepoDigests: [`alpine@${digest}`] },
    "image dead": { Id: digest, RepoTags: ["<none>:<none>"], RepoDigests: null },
    [`image ${digest}`]: { Id: digest, RepoTags: ["alpine:3.20", "evil:1"] },
    [`image ${other}`]: new Error("the engine is away"),
  };
  assert.match(outcome(judged("cafe", ["*"], world)), /^ok$/);
  assert.match(outcome(judged("cafe", ["cafe", "alpine"], world)), /cafe is evil:1, which is not/);
  assert.equal(outcome(judged("sha256:cafe", ["alpine"], world)), "ok");
  assert.equal(outcome(judged("beef", ["alpine"], world)), "ok");
  assert.match(outcome(judged("dead", ["alpine"], world)), /dead is an image without a name/);
  assert.equal(outcome(judged("dead", [digest], world)), "ok");
  assert.equal(outcome(judged(digest, ["alpine:3.20"], world)), "ok");
  assert.match(outcome(judged(other, ["alpine"], world)), /the engine is away/);
});

Deno.test("a word that could be an id is a name where the engine has no such image", () => {
  const looked = judged("cafe", ["cafe"]);
  assert.deepEqual(looked.asked, ["image cafe"]);
  assert.equal(outcome(looked), "ok");
  assert.match(outcome(judged("cafe", ["alpine"])), /^403 images: docker.io\/library\/cafe:latest/);
});

Deno.test("a pinned reference is allowed by the tag that the engine knows it by, never by the one it claims", () => {
  const text = `alpine:3.20@${digest}`;
  const own = { [`image ${text}`]: { Id: digest, RepoTags: ["alpine:3.20"] } };
  const claimed = { [`image ${text}`]: { Id: digest, RepoTags: ["evil:1"] } };
  assert.equal(outcome(judged(text, ["alpine:3.20"], own)), "ok");
  assert.match(outcome(judged(text, ["alpine:3.20"], claimed)), /^403 images/);
  assert.match(outcome(judged(text, ["alpine:3.20"])), /^403 images/);
});

Deno.test("an image is asked for only where its name does not decide", () => {
  assert.deepEqual(judged("alpine:3.20", ["alpine"]).asked, []);
  assert.deepEqual(judged("evil/app", ["alpine"]).asked, []);
});
