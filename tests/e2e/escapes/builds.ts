// What a build may reach, and whose names its image takes.
import { dockerfile } from "./archives.ts";
import { type Call, type Escape, escape, type More, post } from "./table.ts";

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
