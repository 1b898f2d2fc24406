// doctor before a real Podman: who is connected, what mounts its socket, and nothing about what only dockerd has.
import assert from "node:assert/strict";
import { missingForPodman, startPrivatePodman } from "../support/private_podman.ts";
import { which } from "../support/private_engine.ts";
import { child, connections, doctor, levels, text, until } from "../support/running_doctor.ts";

const missing = missingForPodman() ?? (which("perl") === undefined ? "perl not found" : undefined);

Deno.test({
  name: `doctor before a real Podman${missing === undefined ? "" : ` (${missing})`}`,
  ignore: missing !== undefined,
  async fn() {
    await using podman = await startPrivatePodman();
    const { socket } = podman;
    const config = socket.replace(/[^/]*$/, "postern.yaml");
    await Deno.writeTextFile(
      config,
      `upstream: ${socket}\nlisteners: [{ socket: /run/p/ci.sock, policy: read-only }]\n`,
      { mode: 0o600 },
    );
    const before = await doctor(config);
    assert.deepEqual(levels(before("holders")), ["fine"], text(before("holders")));
    assert.deepEqual(levels(before("containers")), ["fine"], text(before("containers")));
    assert.deepEqual(levels(before("user-namespaces")), ["advice"]);
    assert.match(before("user-namespaces")[0]!.fix.join(), /rootless/);
    for (const check of ["live-restore", "isolation", "authorization"]) {
      assert.deepEqual(before(check), [], check);
    }

    await podman.podman("create", "--name", "holds", "-v", `${socket}:/s.sock`, "bb", "true");
    const script = `use Socket; socket(S,AF_UNIX,SOCK_STREAM,0); ` +
      `connect(S,pack_sockaddr_un("${socket}")) or die; sleep 600`;
    await using client = child("perl", "-e", script);
    await until(async () => (await connections(socket)) > 0);
    const after = await doctor(config);
    assert.match(text(after("holders")), new RegExp(`^pid ${client.pid}, .*perl`, "m"));
    assert.equal(after("holders")[0]!.evidence.length, 1);
    assert.match(text(after("containers")), /the container holds .* mounts the real socket/);
  },
});
