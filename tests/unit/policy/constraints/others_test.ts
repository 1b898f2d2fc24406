import type { Limits } from "../../../../lib/policy/constraints/types.ts";
import { fails, look, passes } from "./run.ts";

const sshfs: Limits = { plugins: ["vieux/sshfs"] };

/** With the plugin that is named in `sshfs`, and with another. */
const plugins: readonly (readonly [harmless: string, harmful: string])[] = [
  [
    "/plugins/pull?remote=vieux/sshfs&name=vieux/sshfs:latest",
    "/plugins/pull?remote=evil/sshfs&name=vieux/sshfs",
  ],
  ["/plugins/pull?remote=docker.io/vieux/sshfs", "/plugins/pull?remote=vieux/sshfs&name=evil"],
  ["/plugins/create?name=vieux/sshfs:next", "/plugins/create?name=evil"],
  ["/plugins/vieux/sshfs/enable?timeout=0", "/plugins/evil/sshfs/enable?timeout=0"],
  ["/plugins/vieux/sshfs:latest/set", "/plugins/vieux/other/set"],
  [
    "/plugins/vieux%2Fsshfs/upgrade?remote=vieux/sshfs:2",
    "/plugins/vieux/sshfs/upgrade?remote=evil/sshfs",
  ],
];

for (const [harmless, harmful] of plugins) {
  Deno.test(`plugins are denied until they are named: ${harmless}`, () => {
    const body = harmless.endsWith("/set") ? ["DEBUG=1"] : undefined;
    fails(look({ path: harmless, body }), "plugins");
    passes(look({ path: harmless, body }, sshfs));
    fails(look({ path: harmful, body }, sshfs), "plugins");
    passes(look({ path: harmful, body }, { plugins: "any" }));
  });
}

Deno.test("disabling and removing plugins is limited only where somebody says so", () => {
  passes(look({ path: "/plugins/evil/x/disable" }));
  passes(look({ method: "DELETE", path: "/plugins/evil/x" }));
  fails(look({ method: "DELETE", path: "/plugins/vieux/other" }, sshfs), "plugins");
  passes(look({ method: "DELETE", path: "/plugins/vieux/sshfs" }, sshfs));
});

Deno.test("what nobody can judge is denied until somebody says that it is allowed so", () => {
  for (
    const path of [
      "/swarm/init",
      "/swarm/join",
      "/swarm/update?version=1",
      "/nodes/x/update?version=1",
      "/grpc",
      "/v5.0.0/libpod/play/kube",
      "/v5.0.0/libpod/quadlets",
    ]
  ) {
    fails(look({ path }), "unjudged");
    passes(look({ path }, { unjudged: true }));
  }
  for (const path of ["/swarm/leave", "/swarm/unlock", "/session", "/images/prune"]) {
    passes(look({ path }));
  }
});

Deno.test("checkpoints stay in the engine's own folder, wherever one is named", () => {
  const table: readonly (readonly [method: string, path: string, body?: unknown])[] = [
    ["POST", "/containers/x/start?checkpoint=a&checkpoint-dir=/etc"],
    ["GET", "/containers/x/checkpoints?dir=/etc"],
    ["DELETE", "/containers/x/checkpoints/a?dir=/etc"],
    ["POST", "/containers/x/checkpoints", { CheckpointID: "a", CheckpointDir: "/etc" }],
    ["POST", "/containers/x/checkpoints", { CheckpointID: "a", CheckpointDir: "etc" }],
  ];
  for (const [method, path, body] of table) {
    fails(look({ method, path, body }), "checkpoint_dirs");
    passes(look({ method, path, body }, { checkpoint_dirs: "any" }));
  }
  fails(look({ path: "/containers/x/start?checkpoint=../../x" }), "checkpoint_dirs");
  fails(look({ path: "/containers/x/start?checkpoint-dir=&checkpoint-dir=/etc" }), 400);
  passes(look({ path: "/containers/x/start" }));
  passes(look({ path: "/containers/x/start?checkpoint=a&checkpoint-dir=" }));
  passes(look({ path: "/containers/x/checkpoints", body: { CheckpointID: "a", Exit: true } }));
  passes(look({ method: "GET", path: "/containers/x/checkpoints" }));
  const ci: Limits = { checkpoint_dirs: ["/srv/ci/**"] };
  passes(look({ path: "/containers/x/start?checkpoint-dir=/srv/ci/a" }, ci));
  fails(look({ path: "/containers/x/start?checkpoint-dir=/srv/ci/../x" }, ci), "checkpoint_dirs");
});

Deno.test("a container is renamed to names that are allowed", () => {
  const limits: Limits = { names: ["ci-*"] };
  passes(look({ path: "/containers/x/rename?name=ci-a" }, limits));
  passes(look({ path: "/containers/x/rename?name=/ci-a" }, limits));
  fails(look({ path: "/containers/x/rename?name=prod" }, limits), "names");
  fails(look({ path: "/containers/x/rename?name=ci-a&name=prod" }, limits), 400);
});
