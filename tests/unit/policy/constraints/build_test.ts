import type { Limits } from "../../../../lib/policy/constraints/types.ts";
import { fails, look, passes } from "./run.ts";

type Row = readonly [key: keyof Limits, query: string, allowing: Limits];

/** What the safe defaults deny in a build, and what allows it. */
const harmful: readonly Row[] = [
  ["networks", "networkmode=host", { networks: ["host"] }],
  ["networks", "networkmode=container:web", { networks: ["container:web"] }],
  ["networks", "networkmode=ns:/proc/1/ns/net", { networks: ["ns:/proc/1/ns/net"] }],
  ["networks", "networkmode=somebodys_default", { networks: "any" }],
  ["remote", "remote=http://127.0.0.1:9/x", { remote: true }],
  ["remote", "remote=https%3A%2F%2Fgithub.com%2Fx%2Fy.git", { remote: true }],
  ["remote", "remote=Client-Session", { remote: true }],
  ["cgroup_parents", "cgroupparent=/../../x", { cgroup_parents: "any" }],
  ["security_options", "securityopt=seccomp%3Dunconfined", {
    security_options: ["seccomp=unconfined"],
  }],
  ["security_options", "securityopt=label=x&securityopt=seccomp=unconfined", {
    security_options: "any",
  }],
  ["security_options", "securityopt=%5B%22apparmor%3Dunconfined%22%5D", {
    security_options: "any",
  }],
  ["security_options", "isolation=chroot", { security_options: ["isolation=chroot"] }],
  ["unknown_fields", "volume=/:/h", { unknown_fields: "allow" }],
  ["unknown_fields", "addcaps=%5B%22ALL%22%5D", { unknown_fields: "allow" }],
  ["unknown_fields", "devices=/dev/sda", { unknown_fields: "allow" }],
];

const harmless = [
  "",
  "t=app&t=app:1&dockerfile=Dockerfile.ci&q=1&rm=1&forcerm=1&pull=1&nocache=1&squash=0",
  // docker CLI 20.10
  "buildargs=%7B%7D&cachefrom=%5B%5D&cgroupparent=&cpuperiod=0&cpuquota=0&cpusetcpus=&cpusetmems=&cpushares=0&" +
  "dockerfile=Dockerfile&labels=%7B%7D&memory=0&memswap=0&networkmode=default&rm=1&shmsize=0&t=x&target=&ulimits=null&version=1",
  // docker CLI 28 with BuildKit
  "buildid=abc&cachefrom=null&networkmode=default&remote=client-session&session=s&version=2&outputs=%5B%7B%22Type%22%3A%22moby%22%2C%22Attrs%22%3Anull%7D%5D",
  "remote=upload-request&buildid=abc&version=2",
  "networkmode=none",
  "networkmode=bridge",
  "networkmode=",
  "extrahosts=db:10.0.0.1&extrahosts=x:10.0.0.2",
  "isolation=default",
  "securityopt=",
  "securityopt=%5B%5D",
];

for (const [key, query, allowing] of harmful) {
  Deno.test(`the safe defaults deny a build with ${query} for ${key}`, () => {
    fails(look({ path: `/build?${query}` }), key);
    passes(look({ path: `/build?${query}` }, allowing));
  });
}

for (const query of harmless) {
  Deno.test(`the safe defaults take a build with ${query === "" ? "nothing" : query}`, () => {
    passes(look({ path: `/build?${query}` }));
  });
}

Deno.test("`any` network is not the host's, nor another container's", () => {
  fails(look({ path: "/build?networkmode=host" }, { networks: "any" }), "networks");
  fails(look({ path: "/build?networkmode=container:web" }, { networks: ["**"] }), "networks");
  passes(look({ path: "/build?networkmode=front" }, { networks: "any" }));
});

Deno.test("a Dockerfile is in the context: Podman takes lists, with paths of the host and URLs", () => {
  const build = (dockerfile: unknown, limits: Limits = {}) => {
    const value = typeof dockerfile === "string" ? dockerfile : JSON.stringify(dockerfile);
    return look({ path: `/build?dockerfile=${encodeURIComponent(value)}` }, limits);
  };
  passes(build("ci/Dockerfile.app"));
  passes(build("./Dockerfile"));
  passes(build(["a/Dockerfile"]));
  for (const file of ["../../etc/shadow", "a/../../b", ["/etc/shadow"], ["a", "../b"], [1]]) {
    fails(build(file), 400);
  }
  fails(build("https://10.0.0.1/x"), "remote");
  fails(build(["https://10.0.0.1/x"]), "remote");
  passes(build("https://10.0.0.1/x", { remote: true }));
});

Deno.test("BuildKit and hosts can be refused", () => {
  fails(look({ path: "/build?version=2" }, { buildkit: false }), "buildkit");
  passes(look({ path: "/build?version=1" }, { buildkit: false }));
  passes(look({ path: "/build" }, { buildkit: false }));
  fails(look({ path: "/build?extrahosts=a:1.2.3.4" }, { extra_hosts: false }), "extra_hosts");
  passes(look({ path: "/build?extrahosts=" }, { extra_hosts: false }));
});

Deno.test("labels of a build are judged as those of a container are", () => {
  const limits: Limits = { required_labels: { team: "ci-*" }, refused_labels: ["traefik.*"] };
  const labels = (value: unknown) => `/build?labels=${encodeURIComponent(JSON.stringify(value))}`;
  passes(look({ path: labels({ team: "ci-a" }) }, limits));
  fails(look({ path: labels({ team: "x" }) }, limits), "required_labels");
  fails(look({ path: "/build" }, limits), "required_labels");
  fails(look({ path: labels({ team: "ci-a", "traefik.enable": "1" }) }, limits), "refused_labels");
  fails(look({ path: "/build?labels=%7B%22team%22%3A1%2C%22team%22%3A2%7D" }, limits), 400);
});

Deno.test("a parameter of a build that decides may be there once", () => {
  for (const key of ["networkmode=none", "remote=", "version=1", "cgroupparent=", "isolation="]) {
    fails(look({ path: `/build?${key}&${key}` }), 400);
    const other = key[0]!.toUpperCase() + key.slice(1);
    fails(look({ path: `/build?${other}` }), "unknown_fields");
    fails(look({ path: `/build?${other}` }, { unknown_fields: "allow" }), 400);
  }
});
