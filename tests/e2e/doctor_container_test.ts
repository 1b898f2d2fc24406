// A gate in a container of the engine's that it stands before: doctor, on the host, does not call it the gate.
import assert from "node:assert/strict";
import { docker, engineTest, runAs } from "../support/docker.ts";
import { importPosternImage } from "../support/postern_image.ts";
import { startPrivateEngine } from "../support/private_engine.ts";
import { child, connections, doctor, levels, text, until } from "../support/running_doctor.ts";

engineTest("doctor takes no container for the gate by where it listens", async () => {
  await using engine = await startPrivateEngine();
  const { socket } = engine;
  await importPosternImage(socket);
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "dc-" });
  const gate = `${directory}/run/ci.sock`;
  try {
    await Deno.mkdir(`${directory}/run`);
    const config = `${directory}/postern.yaml`;
    await Deno.writeTextFile(
      config,
      `upstream: ${socket}\nlisteners: [{ socket: ${gate}, mode: 0600, policy: read-only }]\naudit: off\n`,
    );
    const { code, err } = await docker(socket, [
      ...["run", "-d", "--network", "none", "--name", "gate", "-v", `${directory}:${directory}`],
      ...["-v", `${socket}:${socket}`, "postern", "serve", "-c", config],
    ]);
    assert.equal(code, 0, err);
    await until(async () => (await docker(gate, ["ps"])).code === 0);
    await using _events = child("docker", "-H", `unix://${gate}`, "events");
    await until(async () => (await connections(socket)) > 0);
    const found = await doctor(config);
    for (const check of ["holders", "containers", "listeners"]) {
      assert.deepEqual(levels(found(check)), ["unknown"], text(found(check)));
    }
    const [fix] = found("containers")[0]!.fix;
    const seen = await runAs(undefined, ["sh", "-c", fix!], {
      env: { DOCKER_HOST: `unix://${socket}` },
    });
    assert.match(seen.out, /^\/gate postern sha256:\w+ \S+ \[.*serve -c/, seen.err);
    assert.deepEqual(found("mounted").filter((one) => text([one]).includes(socket)), []);
    // As root in there, it is root here.
    assert.match(text(found("identity")), /runs as root\npid \d+, .*, container [0-9a-f]{12}$/);
    await docker(socket, ["rm", "-f", "gate"]);
    // With the real socket's folder it could put any socket in another's place.
    const folder = socket.replace(/\/[^/]*$/, "");
    const thief = await docker(socket, [
      ...["run", "-d", "--network", "none", "--name", "gate", "-v", `${directory}:${directory}`],
      ...["-v", `${folder}:${folder}`, "postern", "serve", "-c", config],
    ]);
    assert.equal(thief.code, 0, thief.err);
    await until(async () => (await docker(gate, ["ps"])).code === 0);
    const told = (await doctor(config))("containers");
    assert.deepEqual(levels(told), ["wrong"], text(told));
    assert.match(text(told), /which holds it/);
    await docker(socket, ["rm", "-f", "gate"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
