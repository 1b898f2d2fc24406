// Swarms, plugins and checkpoints, of which the engine of the tests has none.
import { type Escape, escape, post } from "./table.ts";

const elsewhere = { notHere: "elsewhere" } as const;
const ping = { method: "GET", path: "/_ping", headers: "" };

export const swarmEscapes: readonly Escape[] = [
  escape(
    "the engine joins a swarm of somebody else",
    "unjudged",
    post("/swarm/join", {
      ListenAddr: "127.0.0.1:9",
      RemoteAddrs: ["127.0.0.1:9"],
      JoinToken: "SWMTKN-1-x",
    }),
    ping,
    elsewhere,
  ),
  escape(
    "the engine begins a swarm",
    "unjudged",
    post("/swarm/init", { ListenAddr: "127.0.0.1:x" }),
    ping,
    elsewhere,
  ),
  escape(
    "a swarm trusts another authority",
    "unjudged",
    post("/swarm/update?version=1", { CAConfig: { SigningCACert: "x" } }),
    ping,
    elsewhere,
  ),
  escape(
    "a plugin is pulled with every privilege",
    "plugins",
    post("/plugins/pull?remote=127.0.0.1:9/x&name=$name", [
      { Name: "mount", Value: ["/"] },
    ]),
    ping,
    elsewhere,
  ),
  escape(
    "a plugin is made from an archive",
    "plugins",
    {
      path: "/plugins/create?name=$name",
      headers: "Content-Type: application/x-tar\r\n",
      body: new Uint8Array(1024),
    },
    ping,
    elsewhere,
  ),
  escape(
    "a plugin is switched on",
    "plugins",
    post("/plugins/x/enable?timeout=1"),
    ping,
    elsewhere,
  ),
  escape(
    "a plugin is given another setting",
    "plugins",
    post("/plugins/x/set", ["mount.source=/"]),
    ping,
    elsewhere,
  ),
  escape(
    "a plugin becomes another",
    "plugins",
    post("/plugins/x/upgrade?remote=127.0.0.1:9/y", []),
    ping,
    elsewhere,
  ),
  escape(
    "a checkpoint is written into a folder of the host",
    "checkpoint_dirs",
    post("/containers/$running/checkpoints", { CheckpointID: "x", CheckpointDir: "/etc" }),
    ping,
    elsewhere,
  ),
  escape(
    "a folder of the host is listed as checkpoints",
    "checkpoint_dirs",
    { method: "GET", path: "/containers/$running/checkpoints?dir=/etc", headers: "" },
    ping,
    elsewhere,
  ),
  escape(
    "a folder of the host is removed as a checkpoint",
    "checkpoint_dirs",
    { method: "DELETE", path: "/containers/$running/checkpoints/x?dir=/etc", headers: "" },
    ping,
    elsewhere,
  ),
  escape(
    "a container starts from a folder of the host",
    "checkpoint_dirs",
    post("/v1.41/containers/$own/start?checkpoint=x&checkpoint-dir=/etc"),
    ping,
    elsewhere,
  ),
  escape(
    "a start brings a configuration of its own",
    400,
    post("/v1.23/containers/$own/start", { Binds: ["/:/h"], Privileged: true }),
    ping,
    elsewhere,
  ),
];
