// Images: what a build may reach, where images come from, and whose names they take.
import { dockerfile, imageArchive } from "./archives.ts";
import { type Call, create, type Escape, escape, type More, post } from "./table.ts";

const tar = "Content-Type: application/x-tar\r\n";
const build = (query: string, from = "FROM app\n"): Call => ({
  path: `/v1.41/build?t=$name&${query}`,
  body: dockerfile(from),
  headers: tar,
});
const plainBuild = build("nocache=1");
const built = (name: string, denied: Escape["denied"], query: string, more: More = {}) =>
  escape(name, denied, build(query), plainBuild, more);
const team: More = { policy: "team" };
const load = (...tags: string[]): Call => ({
  path: "/v1.41/images/load?quiet=1",
  body: imageArchive(tags),
  headers: tar,
});
const tagged = post("/v1.41/images/ci/own/tag?repo=ci/$name");

const ciBuild: Call = { ...build(""), path: "/v1.41/build?t=ci/$name" };
const builtByTeam = (name: string, denied: Escape["denied"], query: string, more: More = {}) =>
  escape(name, denied, { ...ciBuild, path: `${ciBuild.path}&${query}` }, ciBuild, {
    ...team,
    ...more,
  });

export const buildEscapes: readonly Escape[] = [
  built("a build uses the host's network", "networks", "networkmode=host"),
  built("a build joins another's network", "networks", "networkmode=container:$victim"),
  built("a build uses the host's network, its key encoded", "networks", "n%65tworkmode=host"),
  built("a build uses the host's network, its value encoded", "networks", "networkmode=%68ost"),
  built(
    "a build says two networks, and the first counts",
    ["networks", 400],
    "networkmode=host&networkmode=none",
  ),
  built("a build uses the host's network without a version", "networks", "networkmode=host&rm=1"),
  builtByTeam(
    "a build gives a name another address",
    "extra_hosts",
    'extrahosts=["registry:127.0.0.1"]'.replaceAll('"', "%22"),
  ),
  built("a build's group is outside its own tree", "cgroup_parents", "cgroupparent=/../../x"),
  built(
    "a build switches security off",
    ["security_options", "unknown_fields", 403],
    "securityopt=%5B%22seccomp=unconfined%22%5D",
    { notHere: "refused" },
  ),
  escape(
    "a build fetches its context from a server inside",
    "remote",
    post("/v1.41/build?t=$name&remote=http://127.0.0.1:9/context.tar"),
    plainBuild,
    { notHere: "elsewhere" },
  ),
  escape(
    "a build fetches its context from a repository",
    "remote",
    post("/v1.41/build?t=$name&remote=git://127.0.0.1:9/x.git"),
    plainBuild,
    { notHere: "elsewhere" },
  ),
  builtByTeam(
    "a build takes secrets from a session of BuildKit",
    "buildkit",
    "version=2&session=x",
    {
      notHere: "elsewhere",
    },
  ),
  escape(
    "a build's query is overridden by a form",
    [400, 403],
    {
      path: "/v1.41/build?t=$name&networkmode=none",
      headers: "Content-Type: application/x-www-form-urlencoded\r\n",
      body: "x=".padEnd(8192, "x") + "&networkmode=host",
    },
    plainBuild,
    { notHere: "elsewhere" },
  ),
  escape(
    "a build takes the name of an image that others trust",
    "images",
    { ...build(""), path: "/v1.41/build?t=trusted" },
    { ...build(""), path: "/v1.41/build?t=ci/$name" },
    team,
  ),
  escape(
    "a build takes two names, and the second is trusted by others",
    "images",
    { ...build(""), path: "/v1.41/build?t=ci/$name&t=trusted:latest" },
    { ...build(""), path: "/v1.41/build?t=ci/$name&t=ci/$name:2" },
    team,
  ),
];

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
