// The host's namespaces and those of other people's containers.
import { create, type Escape, escape, host } from "./table.ts";

const shared = (name: string, denied: Escape["denied"], field: string, mode: string, twin = "") =>
  host(name, denied, { [field]: mode }, { [field]: twin }, {
    // The engine keeps the id, whatever it was called by.
    shows: { [field]: mode.replace(/(?<=:).*/, "$victim_id") },
  });

export const namespaceEscapes: readonly Escape[] = [
  shared("the host's processes are seen", "pid_mode", "PidMode", "host"),
  shared("the host's memory is shared", "ipc_mode", "IpcMode", "host", "private"),
  shared("the host's name is shared", "uts_mode", "UTSMode", "host"),
  shared("the host's network is used", "networks", "NetworkMode", "host", "none"),
  shared("the host's users are used", "userns_mode", "UsernsMode", "host"),
  shared("the host's control groups are seen", "cgroupns_mode", "CgroupnsMode", "host", "private"),
  shared("another's processes are joined by name", "pid_mode", "PidMode", "container:$victim"),
  shared("another's processes are joined by id", "pid_mode", "PidMode", "container:$victim_id"),
  shared(
    "another's processes are joined by the first digits of the id",
    "pid_mode",
    "PidMode",
    "container:$victim_12",
  ),
  shared("another's memory is joined by name", "ipc_mode", "IpcMode", "container:$victim", "none"),
  shared(
    "another's memory is joined by id",
    "ipc_mode",
    "IpcMode",
    "container:$victim_id",
    "shareable",
  ),
  shared(
    "another's network is joined by name",
    "networks",
    "NetworkMode",
    "container:$victim",
    "none",
  ),
  shared(
    "another's network is joined by id",
    "networks",
    "NetworkMode",
    "container:$victim_id",
    "none",
  ),
  shared(
    "another's network is joined by the first digits of the id",
    "networks",
    "NetworkMode",
    "container:$victim_12",
    "none",
  ),
  host("memory is shared with whoever joins, and processes are the host's", "pid_mode", {
    IpcMode: "shareable",
    PidMode: "host",
  }, { IpcMode: "shareable" }),
  host("every namespace is the host's", ["pid_mode", "ipc_mode", "uts_mode", "networks"], {
    PidMode: "host",
    IpcMode: "host",
    UTSMode: "host",
    NetworkMode: "host",
  }, { PidMode: "", IpcMode: "", UTSMode: "", NetworkMode: "default" }),
  host("a mode of the host with a word behind it (UTS)", "uts_mode", { UTSMode: "host:x" }, {
    UTSMode: "",
  }),
  host(
    "a mode of the host with a word behind it (users)",
    "userns_mode",
    { UsernsMode: "host:x" },
    {
      UsernsMode: "",
    },
  ),
  host(
    "the legacy field for control groups joins another's",
    ["cgroupns_mode", "cgroup_parents"],
    {
      Cgroup: "container:$victim",
    },
    { Cgroup: "" },
  ),
  ...["/v1.24", "/v1.30", "/v1.40", ""].map((version) =>
    escape(
      `the host's processes are seen under ${version === "" ? "no version" : `API ${version}`}`,
      "pid_mode",
      create({ HostConfig: { PidMode: "host" } }, {
        path: `${version}/containers/create?name=$name`,
      }),
      create({ HostConfig: { PidMode: "" } }, { path: `${version}/containers/create?name=$name` }),
      { shows: { PidMode: "host" } },
    )
  ),
  ...[
    ["pid_mode", "PidMode", "host"],
    ["ipc_mode", "IpcMode", "host"],
    ["uts_mode", "UTSMode", "host"],
    ["networks", "NetworkMode", "host"],
    ["userns_mode", "UsernsMode", "host"],
    ["cgroupns_mode", "CgroupnsMode", "host"],
  ].map(([, field, mode]) =>
    escape(
      `${field} is at the top level, where engines up to 26 read it`,
      "unknown_fields",
      create({ [field!]: mode }),
      create({ HostConfig: {}, Labels: { [field!]: mode! } }),
      { shows: { [field!]: mode } },
    )
  ),
  escape(
    "the endpoint of the host's network is added to a container",
    "networks",
    create({
      HostConfig: { NetworkMode: "none" },
      NetworkingConfig: { EndpointsConfig: { host: {} } },
    }),
    create({
      HostConfig: { NetworkMode: "none" },
      NetworkingConfig: { EndpointsConfig: { none: {} } },
    }),
  ),
  escape(
    "a network that is not the team's is reached by an endpoint beside the mode none",
    "networks",
    create({
      HostConfig: { NetworkMode: "none" },
      NetworkingConfig: { EndpointsConfig: { $network: {} } },
    }),
    create({ HostConfig: { NetworkMode: "none" } }),
    { policy: "team" },
  ),
  escape(
    "a network that is not the team's is named by its id",
    "networks",
    create({ HostConfig: { NetworkMode: "$network_id" } }),
    create({ HostConfig: { NetworkMode: "none" }, NetworkingConfig: {} }),
    { policy: "team" },
  ),
];
