import assert from "node:assert/strict";
import { requestsOf } from "../../../lib/docker_cli/parse.ts";
import { CommandError } from "../../../lib/docker_cli/request.ts";

const here = { cwd: "/here" };

const refused: readonly (readonly [string, RegExp])[] = [
  ["", /no command/],
  ["compose up", /docker compose is no command that Postern knows.*METHOD PATH --body/],
  ["rnu alpine", /docker rnu is no command .*did you mean docker run/],
  ["network conect a b", /docker network conect .*did you mean docker network connect/],
  ["run --priviledged alpine", /no flag --priviledged .*did you mean --privileged/],
  ["run -Z alpine", /no flag -Z/],
  ["run --env-file x alpine", /--env-file: docker reads the file, and Postern does not know it/],
  ["run --security-opt seccomp=p.json alpine", /seccomp=p\.json: docker reads the file/],
  ["run", /takes IMAGE \[COMMAND\] \[ARG\.\.\.\], got 0 arguments/],
  ["run -v", /-v needs a value|--volume needs a value/],
  ["run --memory lots alpine", /--memory takes a size like 512m, got "lots"/],
  ["run --cpus many alpine", /--cpus takes a number of processors/],
  ["run -p x:y alpine", /-p takes a port like 8080:80/],
  ["run -p 1-3:1-2 alpine", /-p takes ranges of the same length/],
  ["run --mount type=bind alpine", /--mount takes a target/],
  ["run --mount kind=bind,target=/x alpine", /--mount takes keys such as type/],
  ["run --pull sometimes alpine", /--pull takes always, missing or never/],
  ["run --rm=maybe alpine", /--rm takes true or false, got "maybe"/],
  ["pull -a alpine:1", /takes no tag/],
  ["cp a b", /between a container and this machine/],
  ["exec web", /takes CONTAINER COMMAND/],
];

for (const [line, message] of refused) {
  Deno.test(`docker ${line} is refused, with what is wrong`, () => {
    const words = line.split(" ").filter((word) => word !== "");
    assert.throws(() => requestsOf(words, here), (error) => {
      assert.ok(error instanceof CommandError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("docker run pulls only when the image is missing, unless --pull says otherwise", () => {
  const pulls = (line: string) => {
    const { requests } = requestsOf(line.split(" "), here);
    return requests.filter(({ target }) => target.includes("/images/create"))
      .map(({ only }) => only);
  };
  assert.deepEqual(pulls("run alpine"), ["the image is not there"]);
  assert.deepEqual(pulls("run --pull always alpine"), [undefined]);
  assert.deepEqual(pulls("run --pull never alpine"), []);
});

Deno.test("docker itself may stand before the command, and its own flags behind it", () => {
  const { requests } = requestsOf(["docker", "-H", "unix:///x", "ps"], here);
  assert.deepEqual(requests, [{ method: "GET", target: "/v1.41/containers/json" }]);
});

Deno.test("an annotation goes where engines from 24 on read it", () => {
  const { requests } = requestsOf(["create", "--pull", "never", "--annotation", "a=b", "x"], here);
  const { HostConfig } = requests[0]!.body as { HostConfig: Record<string, unknown> };
  assert.deepEqual(HostConfig["Annotations"], { a: "b" });
});
