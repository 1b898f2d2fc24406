// A dockerode program, run by dockerode_test.ts with the configuration beside it: what dockerode depends on must not be
// locked with, and so downloaded for, Postern itself.
import { Buffer } from "node:buffer";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";

const [socketPath, name] = Deno.args;
// Named in a variable, so that only this directory's configuration has to resolve it.
const library = "dockerode";
const { default: Docker } = await import(library);
const engine = new Docker({ socketPath });

async function attachAndRun() {
  const container = await engine.createContainer({
    Image: "bb",
    name,
    Cmd: ["sh", "-c", "cat; echo err >&2"],
    OpenStdin: true,
    StdinOnce: true,
    NetworkDisabled: true,
  });
  const listed = await engine.listContainers({ all: true, filters: { name: [name] } });
  const inspected = await container.inspect();
  const stream = await container.attach({
    stream: true,
    hijack: true,
    stdin: true,
    stdout: true,
    stderr: true,
  });
  const [out, err] = [new PassThrough(), new PassThrough()];
  engine.modem.demuxStream(stream, out, err);
  stream.on("end", () => [out, err].forEach((side) => side.end()));
  const printed = Promise.all([text(out), text(err)]);
  await container.start();
  stream.end(Buffer.from("from dockerode\n"));
  const [stdout, stderr] = await printed;
  const { StatusCode: exitCode } = await container.wait();
  await container.remove();
  return {
    listed: listed.length === 1 && listed[0].Id === container.id,
    command: inspected.Config.Cmd,
    stdout,
    stderr,
    exitCode,
  };
}

try {
  console.log(JSON.stringify(await attachAndRun()));
} catch (error) {
  const { statusCode, json } = error as { statusCode: number; json: { message: string } };
  console.log(JSON.stringify({ images: (await engine.listImages()).length, statusCode, ...json }));
}
