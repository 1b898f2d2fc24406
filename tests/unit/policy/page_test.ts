import assert from "node:assert/strict";
import { foreignPage } from "../../../lib/policy/page.ts";
import { bytes } from "../../support/wire.ts";

const found = (...lines: string[]) => {
  const head = bytes(
    ["GET /info HTTP/1.1", ...lines].map((line) => `${line}\r\n`).join("") + "\r\n",
  );
  return foreignPage(head, 0, head.length);
};

Deno.test("programs on this machine are no pages, whatever they call it", () => {
  for (
    const host of [
      ...["127.0.0.1:2375", "localhost:2375", "LOCALHOST", "docker", "api.moby.localhost", ""],
      ...["[::1]:2375", "192.0.2.7:2375", "socket-proxy:2375", "my_host"],
    ]
  ) {
    assert.equal(found(`Host: ${host}`, "User-Agent: curl/8"), undefined, host);
  }
  // HTTP/1.0
  assert.equal(found(), undefined);
});

Deno.test("a name that somebody else can point to this machine is a page's", () => {
  for (
    const host of [
      ...["evil.example:2375", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example."],
      ...["evillocalhost.example", "0x7f.1", "127.1", "[::1].evil.example", "a@127.0.0.1"],
    ]
  ) {
    assert.equal(found(`Host: ${host}`), `it calls this machine ${host}`, host);
  }
});

Deno.test("a page's origin tells that it is one, if it is not of this machine", () => {
  const host = "host: 127.0.0.1:2375";
  for (const origin of ["http://localhost:9000", "https://127.0.0.1", "http://[::1]:9000"]) {
    assert.equal(found(host, `Origin: ${origin}`), undefined, origin);
  }
  for (
    const origin of [
      ...["https://evil.example", "null", "http://203.0.113.9", "http://intranet", "file://", ""],
      ...["http://localhost.evil.example", "https://localhost@evil.example", "http://localhost/x"],
    ]
  ) {
    assert.equal(found(host, `ORIGIN:\t${origin} `), `its origin is ${origin}`, origin);
  }
});

Deno.test("what the browser itself says of a page counts, and of addresses that were typed in, too", () => {
  const host = "Host: 127.0.0.1:2375";
  for (const site of ["none", "same-origin"]) {
    assert.equal(found(host, `Sec-Fetch-Site: ${site}`), undefined);
  }
  for (const site of ["cross-site", "same-site", "x"]) {
    assert.equal(found(host, `Sec-Fetch-Site: ${site}`), `the browser says that it is ${site}`);
  }
});

Deno.test("what is shown of it is short and plain", () => {
  const long = `its origin is ${"x".repeat(100)}`;
  assert.equal(found("Host: a", `Origin: ${"x".repeat(5000)}`), long);
  assert.equal(found("Host: a", "Origin: \xe9\tb"), "its origin is ??b");
});
