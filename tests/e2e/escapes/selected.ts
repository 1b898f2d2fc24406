// Containers that are not the team's, under names that look as if they were: the team's carry the label team=ci.
import { type Call, create, type Escape, escape, post } from "./table.ts";

const get = (path: string): Call => ({ method: "GET", path, headers: "" });
const other = (name: string, attempt: Call, twin: Call, more: Partial<Escape> = {}) =>
  escape(name, "containers", attempt, twin, { policy: "team", ...more });
const at = (verb: string, on: string, query = "") =>
  post(`/v1.41/containers/${on}/${verb}${query}`);
const ways: readonly [string, string][] = [
  ["by name", "$victim"],
  ["by id", "$victim_id"],
  ["by twelve digits of its id", "$victim_12"],
  ["by few digits of its id", "$victim_6"],
];
const websocket = "Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://d\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
const empty = new Uint8Array(1024);
const exec = (on: string) => post(`/v1.41/containers/${on}/exec`, { Cmd: ["true"], User: "1000" });
const rename = (from: string, to: string): Call => ({
  ...at("rename", from, `?name=${to}`),
  direct: true,
});
const mine: Call = create({ Labels: { team: "ci" }, HostConfig: { NetworkMode: "none" } });
/** Named as the first digits of another's id; it lets its name go when the stage is mended. */
const shadow: Call = create({ Labels: { team: "ci", passing: "" } }, {
  path: "/containers/create?name=$victim_12",
  direct: true,
});

export const selectorEscapes: readonly Escape[] = [
  ...ways.map(([how, on]) =>
    other(`another's container is changed ${how}`, exec(on), exec("$running"))
  ),
  ...ways.map(([how, on]) =>
    other(
      `another's file is read ${how}`,
      get(`/containers/${on}/archive?path=/bin/ls`),
      get("/containers/$running/archive?path=/bin/ls"),
    )
  ),
  other(
    "another's container is exported",
    get("/containers/$victim/export"),
    get("/containers/$own/export"),
  ),
  other("a file is written into another's container", {
    method: "PUT",
    path: "/containers/$victim/archive?path=/tmp",
    body: empty,
    headers: "Content-Type: application/x-tar\r\n",
  }, {
    method: "PUT",
    path: "/containers/$own/archive?path=/tmp",
    body: empty,
    headers: "Content-Type: application/x-tar\r\n",
  }),
  other(
    "another's logs are read",
    get("/containers/$victim/logs?stdout=1"),
    get("/containers/$running/logs?stdout=1"),
  ),
  other(
    "another's environment is read",
    get("/containers/$victim/json"),
    get("/containers/$own/json"),
  ),
  other(
    "another's container is stopped",
    at("stop", "$victim", "?t=0"),
    at("resize", "$running", "?h=1&w=1"),
  ),
  other(
    "another's container is killed",
    at("kill", "$victim"),
    at("kill", "$running", "?signal=CONT"),
  ),
  other(
    "another's container is renamed",
    at("rename", "$victim", "?name=$name"),
    at("rename", "$spare", "?name=$spare-$name"),
  ),
  other("another's container is removed", {
    ...get("/containers/$victim?force=1"),
    method: "DELETE",
  }, {
    ...get("/containers/$name-gone?force=1"),
    method: "DELETE",
  }, { twinBefore: [{ ...mine, path: "/containers/create?name=$name-gone" }] }),
  other(
    "another's container is changed in its limits",
    post("/containers/$victim/update", { CpuShares: 100 }),
    post("/containers/$own/update", { CpuShares: 100 }),
  ),
  other(
    "another's input is reached",
    at("attach", "$victim", "?stream=1&stdin=1"),
    at("resize", "$running", "?h=2&w=2"),
  ),
  other(
    "a command that somebody else prepared is looked at",
    get("/exec/$victim_exec/json"),
    get("/exec/$running_exec/json"),
  ),
  other(
    "a command that somebody else prepared is started",
    post("/exec/$victim_exec/start", { Detach: true }),
    post("/exec/$running_exec/start", { Detach: true }),
  ),
  other(
    "another's input is reached by a websocket",
    { ...get("/containers/$victim/attach/ws?stream=1"), headers: websocket },
    get("/containers/$running/top"),
  ),
  other(
    "another's processes are listed",
    get("/containers/$victim/top"),
    get("/containers/$running/top"),
  ),
  other(
    "another's changed files are listed",
    get("/containers/$victim/changes"),
    get("/containers/$own/changes"),
  ),
  other(
    "another's container is frozen",
    at("pause", "$victim"),
    at("resize", "$running", "?h=3&w=3"),
  ),
  other(
    "every container that does not run is removed",
    post("/containers/prune?filters=%7B%22label%22%3A%5B%22none%22%5D%7D"),
    get("/containers/$running/top"),
  ),
  other(
    "another's container is reached by the alias of a link",
    exec("$linker/alias"),
    exec("$running"),
    { denied: ["containers", 403] },
  ),
  other(
    "a container is called as the digits of another's id, and the digits name it",
    exec("$victim_id"),
    exec("$running"),
    {
      before: [shadow],
    },
  ),
  other(
    "a name changes hands behind a judgement",
    exec("$swap"),
    exec("$running"),
    {
      before: [
        get("/containers/$swap/json"),
        rename("$swap", "$swap-$name"),
        rename("$victim", "$swap"),
      ],
    },
  ),
];
