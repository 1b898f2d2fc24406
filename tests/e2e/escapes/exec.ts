// Commands in a container that runs.
import { type Escape, escape, post } from "./table.ts";

const exec = (container: string, fields: Record<string, unknown>) =>
  post(`/v1.41/containers/${container}/exec`, { Cmd: ["true"], ...fields });
const ran = exec("$running", {});

export const execEscapes: readonly Escape[] = [
  escape("a command is privileged", "privileged", exec("$running", { Privileged: true }), ran),
  escape(
    "a command is privileged, in small letters",
    "unknown_fields",
    exec("$running", { privileged: true }),
    exec("$running", { Privileged: false }),
  ),
  escape(
    "a command is privileged by the second of two fields",
    400,
    post("/containers/$running/exec", '{"Cmd":["true"],"Privileged":false,"Privileged":true}'),
    exec("$running", { Env: ["A=b"] }),
  ),
  escape(
    "a command is privileged under API 1.24",
    "privileged",
    post("/v1.24/containers/$running/exec", { Cmd: ["true"], Privileged: true }),
    post("/v1.24/containers/$running/exec", { Cmd: ["true"], Tty: false }),
  ),
  escape(
    "a command is privileged by an escaped field",
    "privileged",
    post("/containers/$running/exec", '{"Cmd":["true"],"\\u0050rivileged":true}'),
    exec("$running", { WorkingDir: "/" }),
  ),
  escape(
    "a command is privileged, and its body comes in chunks",
    "privileged",
    { ...exec("$running", { Privileged: true }), framing: "chunked" },
    { ...ran, framing: "chunked" },
  ),
  escape(
    "a command runs as root",
    "user",
    exec("$running", { User: "root" }),
    exec("$running", { User: "1000" }),
    {
      policy: "team",
    },
  ),
  escape(
    "a command runs as the image's user",
    "user",
    ran,
    exec("$running", { User: "1000:1000" }),
    {
      policy: "team",
    },
  ),
  escape(
    "a command is another than allowed",
    "commands",
    exec("$running", { User: "1000", Cmd: ["sh"] }),
    exec("$running", { User: "1000" }),
    {
      policy: "team",
    },
  ),
  ...["PATH=/tmp", "LD_PRELOAD=/tmp/x.so", "BASH_FUNC_true%%=() { id; }"].map((variable) =>
    escape(
      `a command that is allowed runs as another by ${variable.split("=", 1)[0]}`,
      "commands",
      exec("$running", { User: "1000", Env: [variable] }),
      exec("$running", { User: "1000", Env: null }),
      { policy: "team" },
    )
  ),
  escape(
    "a command has more words than allowed",
    "commands",
    exec("$running", { User: "1000", Cmd: ["true", "; sh"] }),
    exec("$running", { User: "1000", Cmd: ["true"] }),
    { policy: "team" },
  ),
  ...["0", "00", "0:1000", "root:root", "nobody", "-0", "+0", "0x0", ""].map((User) =>
    escape(
      `a command runs as ${JSON.stringify(User)}`,
      "user",
      exec("$running", { User }),
      exec("$running", { User: "65534" }),
      { policy: "team" },
    )
  ),
];
