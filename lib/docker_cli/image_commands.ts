import { type Commands, MANY } from "./command.ts";
import type { Flags } from "./flags.ts";
import { splitImage, withRegistry } from "./image_name.ts";
import {
  type CliRequest,
  CommandError,
  filtersOf,
  inPath,
  mapOf,
  one,
  request,
} from "./request.ts";
import { ulimits } from "./resources.ts";
import { bytes, integer } from "./units.ts";

const TAR = "application/x-tar";

export const imageCommands: Commands = {
  "image ls": {
    bool: "all|a tree",
    list: "filter|f",
    ignoredBool: "quiet|q no-trunc digests",
    ignoredText: "format",
    usage: "[REPOSITORY[:TAG]]",
    takes: [0, 1],
    requests(flags) {
      const [reference] = flags.arguments;
      const asked = reference === undefined ? [] : [`reference=${reference}`];
      return [request("GET", "/images/json", {
        all: one(flags.bool("all")),
        filters: filtersOf([...flags.list("filter"), ...asked]),
      })];
    },
  },
  "image pull": {
    bool: "all-tags|a",
    text: "platform",
    ignoredBool: "quiet|q disable-content-trust",
    usage: "NAME[:TAG|@DIGEST]",
    takes: [1, 1],
    requests(flags) {
      const image = flags.arguments[0]!;
      const { repository, tag, digest } = splitImage(image);
      if (!flags.bool("all-tags")) return [pullRequest(image, flags.text("platform"))];
      if (tag !== "" || digest !== "") throw new CommandError("docker pull -a takes no tag");
      const platform = flags.text("platform");
      return [request("POST", "/images/create", { fromImage: withRegistry(repository), platform })];
    },
  },
  "image push": {
    bool: "all-tags|a",
    text: "platform",
    ignoredBool: "quiet|q disable-content-trust",
    usage: "NAME[:TAG]",
    takes: [1, 1],
    requests(flags) {
      const { repository, tag } = splitImage(flags.arguments[0]!);
      return [request("POST", `/images/${inPath(repository)}/push`, {
        platform: flags.text("platform"),
        tag: flags.bool("all-tags") ? undefined : tag || "latest",
      })];
    },
  },
  "image tag": {
    usage: "SOURCE_IMAGE TARGET_IMAGE",
    takes: [2, 2],
    requests({ arguments: [from, to] }) {
      const { repository, tag } = splitImage(to!);
      const query = { repo: repository, tag: tag || "latest" };
      return [request("POST", `/images/${inPath(from!)}/tag`, query)];
    },
  },
  "image rm": {
    bool: "force|f no-prune",
    usage: "IMAGE [IMAGE...]",
    takes: [1, MANY],
    requests: (flags) =>
      flags.arguments.map((image) =>
        request("DELETE", `/images/${inPath(image)}`, {
          force: one(flags.bool("force")),
          noprune: one(flags.bool("no-prune")),
        })
      ),
  },
  "image inspect": {
    ignoredText: "format|f",
    usage: "IMAGE [IMAGE...]",
    takes: [1, MANY],
    requests: (flags) =>
      flags.arguments.map((image) => request("GET", `/images/${inPath(image)}/json`)),
  },
  "image history": {
    ignoredBool: "human|H no-trunc quiet|q",
    ignoredText: "format",
    usage: "IMAGE",
    takes: [1, 1],
    requests: ({ arguments: [image] }) => [request("GET", `/images/${inPath(image!)}/history`)],
  },
  "image save": {
    ignoredText: "output|o",
    usage: "IMAGE [IMAGE...]",
    takes: [1, MANY],
    requests: ({ arguments: names }) => [request("GET", "/images/get", { names })],
  },
  "image load": {
    ignoredBool: "quiet|q",
    ignoredText: "input|i",
    usage: "",
    takes: [0, 0],
    requests: () => [{ ...request("POST", "/images/load", { quiet: "1" }), contentType: TAR }],
  },
  "image import": {
    text: "message|m platform",
    list: "change|c",
    usage: "FILE|URL|- [REPOSITORY[:TAG]]",
    takes: [1, 2],
    requests(flags) {
      const [source, repo] = flags.arguments as [string, string?];
      const remote = /^https?:\/\//.test(source);
      return [{
        ...request("POST", "/images/create", {
          changes: flags.list("change"),
          fromSrc: remote ? source : "-",
          message: flags.text("message"),
          platform: flags.text("platform"),
          repo,
        }),
        ...(remote ? {} : { contentType: TAR }),
      }];
    },
  },
  "image prune": {
    bool: "all|a",
    list: "filter",
    ignoredBool: "force|f",
    usage: "",
    takes: [0, 0],
    requests: (flags) => [pruneImages(flags)],
  },
  "image search": {
    text: "limit",
    list: "filter|f",
    ignoredBool: "no-trunc",
    ignoredText: "format",
    usage: "TERM",
    takes: [1, 1],
    requests: (flags) => [request("GET", "/images/search", {
      filters: filtersOf(flags.list("filter")),
      limit: flags.text("limit"),
      term: flags.arguments[0],
    })],
  },
  "image build": {
    bool: "no-cache pull rm force-rm squash",
    text:
      "network target platform isolation memory|m memory-swap cpu-shares|c cpu-period cpu-quota " +
      "cpuset-cpus cpuset-mems shm-size cgroup-parent file|f",
    list: "tag|t build-arg label add-host cache-from security-opt ulimit",
    ignoredBool: "quiet|q compress disable-content-trust",
    ignoredText: "progress iidfile",
    usage: "PATH|URL|-",
    takes: [1, 1],
    remarks: [
      "this is the build without BuildKit; with it, docker makes POST /session and POST /grpc instead, " +
      "and everything else goes through them",
    ],
    requests: build,
  },
};

/** What a pull of one image sends; docker 20.10 leaves the registry out of it. */
export function pullRequest(image: string, platform: string | undefined): CliRequest {
  const { repository, tag, digest } = splitImage(image);
  return request("POST", "/images/create", {
    fromImage: withRegistry(repository),
    platform,
    tag: digest || tag || "latest",
  });
}

/** Also a part of `system prune`. */
export function pruneImages(flags: Flags): CliRequest {
  const dangling = `dangling=${!flags.bool("all")}`;
  return request("POST", "/images/prune", {
    filters: filtersOf([...flags.list("filter"), dangling]),
  });
}

function build(flags: Flags): CliRequest[] {
  const size = (name: string) => bytes(`--${name}`, flags.text(name))?.toString();
  const number = (name: string) => integer(`--${name}`, flags.text(name))?.toString();
  const map = (name: string) =>
    flags.has(name) ? JSON.stringify(mapOf(flags.list(name))) : undefined;
  const list = (name: string) => flags.has(name) ? JSON.stringify(flags.list(name)) : undefined;
  return [{
    ...request("POST", "/build", {
      buildargs: map("build-arg"),
      cachefrom: list("cache-from"),
      cgroupparent: flags.text("cgroup-parent"),
      cpuperiod: number("cpu-period"),
      cpuquota: number("cpu-quota"),
      cpusetcpus: flags.text("cpuset-cpus"),
      cpusetmems: flags.text("cpuset-mems"),
      cpushares: number("cpu-shares"),
      dockerfile: flags.text("file") ?? "Dockerfile",
      extrahosts: flags.list("add-host"),
      forcerm: one(flags.bool("force-rm")),
      labels: map("label"),
      memory: size("memory"),
      memswap: size("memory-swap"),
      networkmode: flags.text("network"),
      nocache: one(flags.bool("no-cache")),
      platform: flags.text("platform"),
      pull: one(flags.bool("pull")),
      rm: flags.has("rm") && !flags.bool("rm") ? "0" : undefined,
      securityopt: flags.list("security-opt"),
      shmsize: size("shm-size"),
      squash: one(flags.bool("squash")),
      t: flags.list("tag"),
      target: flags.text("target"),
      ulimits: flags.has("ulimit") ? JSON.stringify(ulimits(flags.list("ulimit"))) : undefined,
      version: "1",
    }),
    contentType: TAR,
  }];
}
