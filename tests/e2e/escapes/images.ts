// Where images come from, whose names they take, and which of them are run.
import { dockerfile, imageArchive } from "./archives.ts";
import { type Call, create, type Escape, escape, type More, post } from "./table.ts";

const tar = "Content-Type: application/x-tar\r\n";
const team: More = { policy: "team" };
const load = (...tags: string[]): Call => ({
  path: "/v1.41/images/load?quiet=1",
  body: imageArchive(tags),
  headers: tar,
});
const tagged = post("/v1.41/images/ci/own/tag?repo=ci/$name");

export const imageEscapes: readonly Escape[] = [
  escape(
    "an import is fetched from a server inside",
    "remote",
    post("/v1.41/images/create?fromSrc=http://127.0.0.1:9/x&repo=$name"),
    { path: "/v1.41/images/create?fromSrc=-&repo=$name", body: dockerfile("x"), headers: tar },
    { notHere: "elsewhere" },
  ),
  escape(
    "an import is fetched from a server inside, without a scheme",
    "remote",
    post("/v1.41/images/create?fromSrc=127.0.0.1:9/x&repo=$name"),
    { path: "/v1.41/images/create?fromSrc=-&repo=$name", body: dockerfile("y"), headers: tar },
    { notHere: "elsewhere" },
  ),
  escape(
    "an import takes the name of an image that others trust",
    "images",
    { path: "/v1.41/images/create?fromSrc=-&repo=trusted", body: dockerfile("z"), headers: tar },
    { path: "/v1.41/images/create?fromSrc=-&repo=ci/$name", body: dockerfile("z"), headers: tar },
    team,
  ),
  escape(
    "an archive brings an image with a name that others trust",
    "images",
    load("trusted:latest"),
    tagged,
    team,
  ),
  escape(
    "an archive brings an allowed image and one with a trusted name",
    "images",
    load("ci/$name:1", "trusted:latest"),
    tagged,
    team,
  ),
  escape(
    "an image gets a name that others trust",
    "images",
    post("/v1.41/images/ci/own/tag?repo=trusted&tag=latest"),
    tagged,
    team,
  ),
  escape(
    "an image gets a trusted name with its registry",
    "images",
    post("/v1.41/images/ci/own/tag?repo=docker.io/library/trusted"),
    tagged,
    team,
  ),
  escape(
    "an image gets a trusted name with a short registry",
    "images",
    post("/v1.41/images/ci/own/tag?repo=index.docker.io/library/trusted&tag=1"),
    tagged,
    team,
  ),
  escape(
    "an image that is not allowed gets an allowed name",
    "images",
    post("/v1.41/images/trusted/tag?repo=ci/$name"),
    tagged,
    team,
  ),
  escape(
    "another image than allowed is pulled",
    "images",
    post("/v1.41/images/create?fromImage=127.0.0.1:9/evil&tag=1"),
    tagged,
    {
      ...team,
      notHere: "elsewhere",
    },
  ),
  escape(
    "a tag hides in the name of what is pulled",
    "images",
    post("/v1.41/images/create?fromImage=127.0.0.1:9/ci/own:1"),
    tagged,
    {
      ...team,
      notHere: "elsewhere",
    },
  ),
  escape(
    "an image's name is in the second of two fields",
    ["images", 400],
    post("/v1.41/images/create?fromImage=127.0.0.1:9/x&fromImage=ci/own"),
    tagged,
    {
      ...team,
      notHere: "elsewhere",
    },
  ),
  escape(
    "an image is pushed to a registry that is not allowed",
    "images",
    post("/v1.41/images/127.0.0.1:9/ci/own/push"),
    tagged,
    {
      ...team,
      notHere: "elsewhere",
    },
  ),
  ...([
    ["another image than allowed is run", "trusted"],
    ["another image is run by its tag", "trusted:latest"],
    ["another image is run with its registry", "docker.io/library/trusted"],
    ["another image is run by its other registry", "index.docker.io/library/trusted:latest"],
    ["another image is run by its id", "$trusted_id"],
    ["another image is run by its id without the algorithm", "$trusted_hex"],
    ["another image is run by the first digits of its id", "$trusted_12"],
    ["another image is run by four digits", "$trusted_4"],
  ] as const).map(([name, Image]) =>
    escape(
      name,
      "images",
      create({ Image, HostConfig: { NetworkMode: "none" } }),
      create({ Image: "app", HostConfig: { NetworkMode: "none" } }),
      team,
    )
  ),
  escape(
    "another image is run by the second of two fields",
    400,
    {
      path: "/containers/create?name=$name",
      body: '{"Image":"app","Image":"trusted","HostConfig":{"NetworkMode":"none"}}',
    },
    create({ Image: "library/app", HostConfig: { NetworkMode: "none" } }),
    team,
  ),
  escape(
    "another image is run by a field in small letters",
    "unknown_fields",
    {
      path: "/containers/create?name=$name",
      body: '{"Image":"app","image":"trusted","HostConfig":{"NetworkMode":"none"}}',
    },
    create({ Image: "docker.io/library/app:latest", HostConfig: { NetworkMode: "none" } }),
    team,
  ),
];
