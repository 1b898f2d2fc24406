import type { Limits } from "../../../../lib/policy/constraints/types.ts";
import { fails, look, passes } from "./run.ts";

const digest = `sha256:${"ab".repeat(32)}`;
const encoded = encodeURIComponent(digest);
const ci: Limits = { images: ["registry.example.com/ci/**", "alpine:3.20", "busybox"] };

/** Paths that a policy with these images takes, each with one that differs by what harms. */
const pairs: readonly (readonly [harmless: string, harmful: string])[] = [
  // pull
  ["/images/create?fromImage=alpine&tag=3.20", "/images/create?fromImage=alpine&tag=edge"],
  ["/images/create?fromImage=alpine:3.20", "/images/create?fromImage=alpine"],
  [
    "/images/create?fromImage=docker.io/library/alpine&tag=3.20",
    "/images/create?fromImage=docker.io/evil/alpine&tag=3.20",
  ],
  [
    "/images/create?fromImage=alpine:edge&tag=3.20",
    "/images/create?fromImage=alpine:3.20&tag=edge",
  ],
  ["/images/create?fromImage=busybox", "/images/create?fromImage=alpine%3A"],
  [
    `/images/create?fromImage=busybox&tag=${encoded}`,
    `/images/create?fromImage=alpine&tag=${encoded}`,
  ],
  [
    `/images/create?fromImage=busybox@${encoded}&tag=1`,
    `/images/create?fromImage=alpine@${encoded}&tag=3.20`,
  ],
  [
    "/images/create?fromImage=registry.example.com/ci/a/b",
    "/images/create?fromImage=registry.example.com/other/a",
  ],
  ["/images/create?fromImage=busybox&repo=evil", "/images/create?fromImage=127.0.0.1:9/busybox"],
  ["/images/create?fromImage=busybox&tag=1", "/images/create?fromImage=Busy%20box&tag=1"],
  // push
  ["/images/registry.example.com/ci/app/push?tag=1", "/images/registry.example.com/app/push?tag=1"],
  ["/images/registry.example.com/ci/app/push", "/images/evil.example/ci/app/push"],
  [
    "/images/registry.example.com%2Fci%2Fapp/push?tag=1",
    "/images/registry.example.com%2Fapp/push?tag=1",
  ],
  ["/images/alpine/push?tag=3.20", "/images/alpine/push"],
  // tag
  [
    "/images/busybox/tag?repo=registry.example.com/ci/app&tag=1",
    "/images/busybox/tag?repo=registry.example.com/app&tag=1",
  ],
  ["/images/busybox:1/tag?repo=alpine:edge&tag=3.20", "/images/evil/tag?repo=alpine:3.20&tag=edge"],
  ["/images/busybox/tag?repo=busybox", "/images/busybox/tag"],
  // import
  ["/images/create?fromSrc=-&repo=busybox", "/images/create?fromSrc=-&repo=evil"],
  ["/images/create?fromSrc=-", "/images/create?fromSrc=-&repo=alpine"],
  // build
  ["/build?t=busybox:1", "/build?t=busybox:1&t=evil"],
  ["/build?t=alpine:3.20&t=busybox", "/build?t=alpine"],
  [
    `/build?outputs=${json([{ Type: "image", Attrs: { name: "busybox:1" } }])}`,
    `/build?outputs=${json([{ Type: "image", Attrs: { name: "busybox:1,evil" } }])}`,
  ],
  // commit
  ["/commit?container=x&repo=busybox", "/commit?container=x&repo=evil"],
  ["/commit?container=x", "/commit?container=x&repo=alpine"],
];

function json(value: unknown): string {
  return encodeURIComponent(JSON.stringify(value));
}

for (const [harmless, harmful] of pairs) {
  Deno.test(`a list of images takes ${harmless} and denies ${harmful}`, () => {
    passes(look({ path: harmless }, ci));
    fails(look({ path: harmful }, ci), "images");
    passes(look({ path: harmful }));
    passes(look({ path: harmful }, { images: "any" }));
  });
}

Deno.test("a push goes to where its name says: Podman writes what destination names, files of the host as well", () => {
  const push = (query: string) => ({ path: `/images/busybox/push?${query}` });
  passes(look(push("tag=1&platform=%7B%22os%22%3A%22linux%22%7D")));
  fails(look(push("destination=dir:/etc/cron.d")), "unknown_fields");
  fails(look(push("destination=dir:/etc/cron.d"), { unknown_fields: "allow" }), "images");
  fails(look(push("Destination=dir:/etc"), { unknown_fields: "allow" }), 400);
  const lenient: Limits = { ...ci, unknown_fields: "allow" };
  passes(look(push("destination=registry.example.com/ci/a:1&tlsVerify=false"), lenient));
  passes(look(push("destination=docker://registry.example.com/ci/a:1"), lenient));
  fails(look(push("destination=evil.example/a:1"), lenient), "images");
});

Deno.test("a list of images denies load, whose archive names its own", () => {
  fails(look({ path: "/images/load" }, ci), "images");
  passes(look({ path: "/images/load" }));
});

Deno.test("an import that fetches is denied by default", () => {
  passes(look({ path: "/images/create?fromSrc=-" }));
  for (const source of ["http://127.0.0.1/x", "", "127.0.0.1/x", "%20-"]) {
    fails(look({ path: `/images/create?fromSrc=${source}` }), "remote");
  }
  passes(look({ path: "/images/create?fromSrc=http://127.0.0.1/x" }, { remote: true }));
  // Podman reads a file of the host there.
  for (const source of ["", "127.0.0.1/x", "%20-", "/etc/shadow"]) {
    fails(look({ path: `/images/create?fromSrc=${source}` }, { remote: true }), "remote");
  }
});

Deno.test("parameters that decide may be there once, in the API's letters", () => {
  for (
    const path of [
      "/images/create?fromImage=busybox&tag=1&tag=2",
      "/images/create?fromImage=busybox&Tag=1",
      "/images/busybox/tag?repo=busybox&REPO=evil",
      "/images/busybox/tag?repo=busybox&repo=evil",
      "/images/create?fromSrc=-&repo=busybox&Repo=evil",
      "/build?t=busybox&T=evil",
      "/build?outputs=%7B",
      `/build?outputs=${json([{ type: "image", attrs: { name: "evil" } }])}`,
      `/build?outputs=${json({ Type: "image" })}`,
    ]
  ) {
    fails(look({ path }, { ...ci, unknown_fields: "allow" }), 400);
  }
});

Deno.test("an image that is not allowed gets no allowed name, whatever it is called by", () => {
  const own = `sha256:${"1".repeat(64)}`;
  const world = {
    [`image ${own}`]: { Id: own, RepoTags: ["busybox:1"] },
    "image 2222": { Id: `sha256:${"2".repeat(64)}`, RepoTags: ["secret:1"] },
    "image 3333": { Id: `sha256:${"3".repeat(64)}`, RepoTags: [], RepoDigests: [] },
  };
  const tag = (name: string) => look({ path: `/images/${name}/tag?repo=busybox` }, ci, world);
  passes(tag("busybox:2"));
  passes(tag("docker.io/library/busybox"));
  passes(tag(own));
  for (const name of ["secret", "2222", "3333", "registry.example.com/secret"]) {
    fails(tag(name), "images");
  }
});
