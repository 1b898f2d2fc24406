// One harmful body, sent in every way that HTTP and the engine know: readers of a part of it, or of nothing, lose.
import { type Call, createText, type Escape, escape } from "./table.ts";

const harmful = '{"Image":"app","HostConfig":{"Privileged":true}}';
const harmless = '{"Image":"app","HostConfig":{"Privileged":false}}';
const json = "Content-Type: application/json\r\n";
const at = (path: string) => ({ path: `${path}/containers/create?name=$name` });

const sent = (
  name: string,
  denied: Escape["denied"],
  how: Partial<Call>,
  more: Partial<Escape> & { good?: Partial<Call>; body?: string } = {},
) => {
  const { good = how, body = harmful, ...rest } = more;
  return escape(name, denied, createText(body, how), createText(harmless, good), {
    shows: { Privileged: true },
    ...rest,
  });
};

const plain = { good: {} };

export const framingEscapes: readonly Escape[] = [
  ...["1.24", "1.25", "1.30", "1.35", "1.39", "1.40", "1.41"].map((version) =>
    sent(`a container is privileged under API ${version}`, "privileged", at(`/v${version}`))
  ),
  sent("a container is privileged without a version", "privileged", at("")),
  ...["1.23", "1.12"].map((version) =>
    sent(`a container is privileged under API ${version}`, 400, at(`/v${version}`), plain)
  ),
  ...["v1.041", "v01.41", "v1.41.0", "v1.41."].map((version) =>
    sent(`a container is privileged under the version ${version}`, 400, at(`/${version}`), plain)
  ),
  sent("the path is encoded", 400, { path: "/v1.41/%63ontainers/create?name=$name" }, plain),
  sent("a slash of the path is encoded", [400, 403], {
    path: "/v1.41/containers%2Fcreate?name=$name",
  }, plain),
  sent("the slashes of the version are encoded", [400, 403], {
    path: "/v1.41%2Fcontainers%2Fcreate?name=$name",
  }, plain),
  sent("the target is a whole address", 400, {
    path: "http://docker/v1.41/containers/create?name=$name",
  }, plain),
  sent(
    "the target has a scheme only",
    400,
    { path: "x:/v1.41/containers/create?name=$name" },
    plain,
  ),
  sent("the name is encoded", "privileged", { path: "/containers/create?n%61me=$name" }),
  sent("the name is there twice", [400, "privileged"], {
    path: "/containers/create?name=$name&name=other",
  }, plain),
  sent("the platform is said", "privileged", {
    path: "/v1.41/containers/create?name=$name&platform=",
  }),
  sent("the body comes in chunks", "privileged", { framing: "chunked" }),
  sent("the body comes a byte at a time", "privileged", { framing: "slow" }),
  sent("the body is waited for with 100 Continue", "privileged", { framing: "expect" }),
  sent("5 MiB of blanks stand before the value", 413, {}, {
    ...plain,
    body: " ".repeat(5 << 20) + harmful,
  }),
  sent("5 MiB of blanks stand before the value, in chunks", 413, { framing: "chunked" }, {
    ...plain,
    body: " ".repeat(5 << 20) + harmful,
  }),
  sent("5 MiB of blanks stand inside the value", 413, {}, {
    ...plain,
    body: harmful.replace(',"Host', `,${"\n".repeat(5 << 20)}"Host`),
  }),
  sent("5 MiB of a label stand before HostConfig", 413, {}, {
    ...plain,
    body: harmful.replace('"Host', `"Labels":{"x":"${"x".repeat(5 << 20)}"},"Host`),
  }),
  sent("1 MiB and one byte", 413, {}, {
    ...plain,
    body: harmful.padStart((1 << 20) + 1, " "),
  }),
  sent("a body of 1 MiB less one byte", "privileged", {}, {
    ...plain,
    body: harmful.padStart((1 << 20) - 1, " "),
  }),
  sent("the body is said to be zipped, and is not", [400, 403], {
    headers: `${json}Content-Encoding: gzip\r\n`,
  }, plain),
  sent("the body is said to be as it is", [400, 403, "privileged"], {
    headers: `${json}Content-Encoding: identity\r\n`,
  }, plain),
  sent("the body is said to be a form", 400, {
    headers: "Content-Type: application/x-www-form-urlencoded\r\n",
  }, { ...plain, notHere: "refused" }),
  sent("the body is said to have parts", 400, {
    headers: "Content-Type: multipart/form-data; boundary=x\r\n",
  }, { ...plain, notHere: "refused" }),
  sent("the body is said to be text", [400, 403, "privileged"], {
    headers: "Content-Type: text/plain\r\n",
  }, { ...plain, notHere: "refused" }),
  sent("the body is said to be nothing", [400, 403, "privileged"], { headers: "" }, {
    ...plain,
    notHere: "refused",
  }),
  sent("the type of the body is in capitals", "privileged", {
    headers: "Content-Type: APPLICATION/JSON\r\n",
  }),
  sent("the body is said to be in UTF-8", "privileged", {
    headers: "Content-Type: application/json; charset=utf-8\r\n",
  }),
  sent("the body is said to be in UTF-16, and is not", [400, "privileged"], {
    headers: "Content-Type: application/json; charset=utf-16\r\n",
  }, plain),
  sent("the type of the body is there twice", 400, {
    headers: `${json}Content-Type: text/plain\r\n`,
  }, plain),
  sent("the method is said in a header", "privileged", {
    headers: `${json}X-HTTP-Method-Override: GET\r\n`,
  }),
  sent("the path is said in a header", "privileged", {
    headers: `${json}X-Original-URL: /_ping\r\nX-Rewrite-URL: /_ping\r\n`,
  }),
  sent("an upgrade is asked for", "privileged", {
    headers: `${json}Connection: Upgrade\r\nUpgrade: tcp\r\n`,
  }),
  sent("the connection is to be closed", "privileged", { headers: `${json}Connection: close\r\n` }),
];

/** Texts that are not UTF-8: read as U+FFFD by the engine. */
const invalid = (text: string) => {
  const bytes = new TextEncoder().encode(text);
  bytes[bytes.indexOf(0x21)] = 0xff;
  return bytes;
};

export const encodingEscapes: readonly Escape[] = [
  escape(
    "a value is not UTF-8",
    400,
    {
      ...createText(""),
      body: invalid('{"Domainname":"!","Image":"app","HostConfig":{"Privileged":true}}'),
    },
    createText(harmless),
    { shows: { Privileged: true } },
  ),
  escape(
    "a key is not UTF-8",
    400,
    { ...createText(""), body: invalid('{"!":"","Image":"app","HostConfig":{"Privileged":true}}') },
    createText(harmless),
    { shows: { Privileged: true } },
  ),
];
