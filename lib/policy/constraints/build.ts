import { JsonError, parseJson } from "../../json/parse.ts";
import type { Json } from "../../json/value.ts";
import { type Denial, denied, fine, refused } from "./finding.ts";
import { judgeName } from "./images.ts";
import { judgeLabels } from "./labels.ts";
import { judgeNetwork } from "./networks.ts";
import { Ambiguous, Parameters } from "./parameters.ts";
import { allows, isOpen } from "./patterns.ts";
import { objectAt, textAt } from "./reading.ts";
import { parseImage, withDefaultTag } from "./references.ts";
import type { Constraints, Limits, Scrutinised, Scrutiny } from "./types.ts";
import { notAllowed, shown } from "./wording.ts";

/** What the engine reads, 1.24 to 1.56; Podman's builds take volumes, devices and capabilities by other names. */
const known = new Set([
  "t",
  "dockerfile",
  "extrahosts",
  "remote",
  "q",
  "nocache",
  "cachefrom",
  "pull",
  "rm",
  "forcerm",
  "memory",
  "memswap",
  "cpushares",
  "cpusetcpus",
  "cpusetmems",
  "cpuperiod",
  "cpuquota",
  "buildargs",
  "shmsize",
  "squash",
  "labels",
  "networkmode",
  "platform",
  "target",
  "outputs",
  "version",
  "session",
  "buildid",
  "ulimits",
  "isolation",
  "cgroupparent",
  "securityopt",
  "credentialspec",
]);

/** Contexts that come from the client although they stand where a URL would: its session, and its next request. */
const fromClient = new Set(["", "client-session", "upload-request"]);

/** `docker build`: what stands in the query. The context and its Dockerfile are not read; steps get what the query gives them. */
// deno-lint-ignore require-yield
export function* scrutiniseBuild({ limits }: Constraints, { target }: Scrutinised): Scrutiny {
  const parameters = new Parameters(target);
  return judgeSwitches(limits, parameters) ?? judgeDockerfile(limits, parameters) ??
    judgeNetwork(limits.networks, parameters.one("networkmode")) ??
    judgeWalls(limits, parameters) ?? judgeTags(limits, parameters) ??
    judgeOutputs(limits, parameters) ??
    judgeBuildLabels(limits, parameters) ?? fine;
}

function judgeSwitches(limits: Limits, parameters: Parameters): Denial | undefined {
  const stranger = parameters.strange(limits, known, "a build");
  if (stranger !== undefined) return stranger;
  const remote = parameters.one("remote");
  if (limits.remote === false && !fromClient.has(remote)) return fetched(remote);
  const version = parameters.one("version");
  if (limits.buildkit === false && version !== "" && version !== "1") {
    return denied("buildkit", "the build asks for BuildKit (version=2)", "buildkit: true");
  }
  const hosts = parameters.all("extrahosts").find((host) => host !== "");
  if (limits.extra_hosts === false && hosts !== undefined) {
    return denied(
      "extra_hosts",
      `the build adds ${shown(hosts)} to /etc/hosts`,
      "extra_hosts: true",
    );
  }
  return undefined;
}

function fetched(url: string): Denial {
  return denied("remote", `the engine would fetch ${shown(url)}`, "remote: true");
}

/** Dockerfiles by their paths in the context, where Docker keeps them; Podman follows `..`, and takes lists, paths of its host and URLs. */
function judgeDockerfile(limits: Limits, parameters: Parameters): Denial | undefined {
  const value = parameters.one("dockerfile");
  const inList = value.trimStart().startsWith("[");
  const files = inList ? itemsOf(read("dockerfile", value)) : [value];
  for (const file of files) {
    if (limits.remote === false && /^https?:\/\//.test(file)) return fetched(file);
    if (file.split("/").includes("..") || (inList && (file === "" || file.startsWith("/")))) {
      return refused(400, `the Dockerfile ${shown(file)} is not in the context`);
    }
  }
  return undefined;
}

/** Of a list of strings; "" for what is none. */
function itemsOf(json: Json): readonly string[] {
  const items = json.kind === "array" ? json.items : [];
  return items.map((item) => item.kind === "string" ? item.value : "");
}

function judgeWalls(limits: Limits, parameters: Parameters): Denial | undefined {
  const parent = parameters.one("cgroupparent");
  if (parent !== "" && !allows(limits.cgroup_parents, parent)) {
    return notAllowed("cgroup_parents", limits.cgroup_parents, parent);
  }
  // Docker's is "" or default here; Podman's chroot is a weaker wall.
  const isolation = parameters.one("isolation");
  const options = [
    ...parameters.all("securityopt").flatMap((value) => listed("securityopt", value)),
    ...(["", "default"].includes(isolation.toLowerCase()) ? [] : [`isolation=${isolation}`]),
  ];
  const option = options.find((value) => !allows(limits.security_options, value));
  return option === undefined
    ? undefined
    : notAllowed("security_options", limits.security_options, option);
}

/** Docker takes an option a parameter, Podman a JSON list of them. */
function listed(key: string, value: string): readonly string[] {
  if (value === "") return [];
  if (!value.trimStart().startsWith("[")) return [value];
  return itemsOf(read(key, value));
}

function judgeTags(limits: Limits, parameters: Parameters): Denial | undefined {
  if (isOpen(limits.images)) return undefined;
  for (const tag of parameters.all("t")) {
    if (tag === "") continue;
    const image = parseImage(tag);
    const denial = judgeName(limits.images, tag, image && withDefaultTag(image));
    if (denial !== undefined) return denial;
  }
  return undefined;
}

/** Exporters that give the result to the client, or to nobody. */
const toClient = new Set(["", "local", "tar", "cacheonly"]);

/** BuildKit's exporters name images, too: `outputs=[{"Type":"image","Attrs":{"name":"a,b","push":"true"}}]`. */
function judgeOutputs(limits: Limits, parameters: Parameters): Denial | undefined {
  const outputs = parameters.one("outputs");
  if (outputs === "" || isOpen(limits.images)) return undefined;
  const list = read("outputs", outputs);
  if (list.kind === "null") return undefined;
  if (list.kind !== "array") return refused(400, "the parameter outputs is not a list");
  for (const output of list.items) {
    if (
      output.kind !== "object" ||
      [...output.members.keys()].some((key) => !["Type", "Attrs"].includes(key))
    ) {
      return refused(400, "the parameter outputs holds something else than Type and Attrs");
    }
    const names = textAt(objectAt(output, "Attrs"), "name");
    if (toClient.has(textAt(output, "Type")) && names === "") continue;
    for (const name of names.split(",").filter((part) => part !== "")) {
      const image = parseImage(name);
      const denial = judgeName(limits.images, name, image && withDefaultTag(image));
      if (denial !== undefined) return denial;
    }
  }
  return undefined;
}

function judgeBuildLabels(limits: Limits, parameters: Parameters): Denial | undefined {
  if (limits.required_labels === undefined && limits.refused_labels === undefined) return undefined;
  const labels = parameters.one("labels");
  const json = labels === "" ? undefined : read("labels", labels);
  const pairs = json?.kind === "object" ? [...json.members] : [];
  return judgeLabels(
    limits,
    pairs.map(([name, value]) => [name, value.kind === "string" ? value.value : ""]),
  );
}

function read(key: string, value: string): Json {
  try {
    return parseJson(new TextEncoder().encode(value)).root;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new Ambiguous(`the parameter ${key} is ${error.reason}`);
  }
}
