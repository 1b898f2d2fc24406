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

/** A user of nobody's, with whom Podman can make a user namespace. */
const USER = 54321;
const drop = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];
const noNamespace = missing ??
  (new Deno.Command(drop[0]!, { args: [...drop.slice(1), "unshare", "--user", "true"] })
      .outputSync().success
    ? undefined
    : "no user namespaces for users");

Deno.test({
  name: `doctor before a rootless Podman${noNamespace === undefined ? "" : ` (${noNamespace})`}`,
  ignore: noNamespace !== undefined,
  async fn() {
    const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pr-" });
    await Deno.mkdir(`${directory}/run`);
    await Deno.chown(directory, USER, USER);
    await Deno.chown(`${directory}/run`, USER, USER);
    const socket = `${directory}/p.sock`;
    try {
      // It goes on in a process of its own, inside its namespace.
      await using service = child("setsid", ...drop, "env", ...[
        `HOME=${directory}`,
        `XDG_RUNTIME_DIR=${directory}/run`,
        ...["podman", "--storage-driver", "vfs", "system", "service", "--time=0"],
        `unix://${socket}`,
      ]);
      await using _group = { [Symbol.asyncDispose]: () => ended(service.pid) };
      await until(() => isSocket(socket));
      const text = `upstream: ${socket}\nlisteners: [{ socket: /run/p/ci.sock, policy: deny }]\n`;
      // Not where another than root could write it.
      const trusted = await Deno.makeTempFile({ dir: "/tmp", suffix: ".yaml" });
      await Deno.writeTextFile(trusted, text);
      const found = await doctor(trusted);
      await Deno.remove(trusted);
      assert.deepEqual(levels(found("real-socket")), ["fine"]);
      assert.deepEqual(levels(found("user-namespaces")), ["fine"]);
      assert.match(found("user-namespaces")[0]!.title, /rootless/);
    } finally {
      // Podman leaves a process behind that keeps its namespace.
      const pause = await Deno.readTextFile(`${directory}/run/libpod/tmp/pause.pid`)
        .catch(() => undefined);
      if (pause !== undefined) Deno.kill(Number(pause), "SIGKILL");
      await Deno.remove(directory, { recursive: true });
    }
  },
});

/** Ends a process and all that came of it. */
function ended(group: number): Promise<void> {
  Deno.kill(-group, "SIGKILL");
  return Promise.resolve();
}

function isSocket(path: string): boolean {
  try {
    return Deno.statSync(path).isSocket === true;
  } catch {
    return false;
  }
}
