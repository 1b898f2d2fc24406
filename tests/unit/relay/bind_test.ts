import assert from "node:assert/strict";
import { BindError, bindSocket, unlinkSocket } from "../../../lib/relay/bind.ts";
import { close } from "../../../lib/linux/io.ts";
import { bind, connect, unixAddress, unixSocket } from "../../../lib/linux/socket.ts";
import { errno } from "../../../lib/linux/errno.ts";

const root = Deno.uid() === 0;

function inDirectory(test: (directory: string) => void): void {
  const directory = Deno.makeTempDirSync({ prefix: "postern-bind-" });
  try {
    test(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const request = (socket: string, mode = 0o600) => ({ socket, mode, backlog: 8 });
const permissions = (path: string) => Deno.lstatSync(path).mode! & 0o7777;

Deno.test("sockets have exactly the configured modes, whatever the umask", () => {
  inDirectory((directory) => {
    const before = Deno.umask(0);
    try {
      for (const mode of [0o600, 0o660, 0o666, 0o000]) {
        Deno.umask(mode === 0o666 ? 0o077 : 0);
        const bound = bindSocket(request(`${directory}/${mode}.sock`, mode));
        assert.equal(permissions(bound.path), mode);
        close(bound.fd);
      }
    } finally {
      Deno.umask(before);
    }
  });
});

Deno.test({
  name: "sockets have exactly the configured owners",
  ignore: !root,
  fn: () =>
    inDirectory((directory) => {
      const bound = bindSocket({ ...request(`${directory}/s`), uid: 1234, gid: 4321 });
      const { uid, gid } = Deno.lstatSync(bound.path);
      assert.deepEqual({ uid, gid }, { uid: 1234, gid: 4321 });
      close(bound.fd);
    }),
});

Deno.test("a stale socket is replaced", () => {
  inDirectory((directory) => {
    const path = `${directory}/s`;
    const stale = unixSocket(true);
    assert.equal(bind(stale, unixAddress(path)), 0);
    close(stale);
    const bound = bindSocket(request(path));
    const client = unixSocket(true);
    assert.equal(connect(client, unixAddress(path)), 0, `errno ${errno()}`);
    close(client);
    close(bound.fd);
  });
});

Deno.test("a live socket is an error that names the pid of its owner", () => {
  inDirectory((directory) => {
    const first = bindSocket(request(`${directory}/s`));
    assert.throws(() => bindSocket(request(`${directory}/s`)), (error: unknown) => {
      assert.ok(error instanceof BindError);
      assert.match(error.message, new RegExp(`in use: pid ${Deno.pid} \\(`));
      return true;
    });
    assert.equal(permissions(first.path), 0o600, "the live socket is untouched");
    close(first.fd);
  });
});

Deno.test("a file that is no socket is left alone", () => {
  inDirectory((directory) => {
    const path = `${directory}/s`;
    Deno.writeTextFileSync(path, "precious");
    assert.throws(() => bindSocket(request(path)), /is not a socket/);
    assert.equal(Deno.readTextFileSync(path), "precious");
  });
});

Deno.test("a symbolic link to a socket is left alone", () => {
  inDirectory((directory) => {
    const bound = bindSocket(request(`${directory}/real`));
    Deno.symlinkSync(bound.path, `${directory}/link`);
    assert.throws(() => bindSocket(request(`${directory}/link`)), /is not a socket/);
    close(bound.fd);
  });
});

Deno.test("a missing directory is an error that says how to create it", () => {
  inDirectory((directory) => {
    assert.throws(
      () => bindSocket(request(`${directory}/sub/s`)),
      new RegExp(`install -d -m 0755 ${directory}/sub`),
    );
  });
});

Deno.test("a socket is unlinked only while it is still ours", () => {
  inDirectory((directory) => {
    const bound = bindSocket(request(`${directory}/s`));
    Deno.removeSync(bound.path);
    const other = bindSocket(request(`${directory}/s`));
    assert.equal(unlinkSocket(bound), false);
    assert.equal(Deno.lstatSync(other.path).isSocket, true);
    assert.equal(unlinkSocket(other), true);
    assert.throws(() => Deno.lstatSync(other.path), Deno.errors.NotFound);
    assert.equal(unlinkSocket(other), false, "a second time there is nothing to do");
    close(bound.fd);
    close(other.fd);
  });
});

Deno.test("nobody can connect before owner and mode are set", async () => {
  const directory = Deno.makeTempDirSync({ prefix: "postern-bind-" });
  const path = `${directory}/s`;
  // Watches the file from another thread while it is opened again and again: any mode but 000 and the wanted one is a hole.
  const source = `
    const seen = new Set();
    self.onmessage = ({ data }) => {
      const end = Date.now() + data.ms;
      self.postMessage("watching");
      while (Date.now() < end) {
        try { seen.add(Deno.lstatSync(data.path).mode & 0o7777); } catch { /* not there now */ }
      }
      self.postMessage([...seen]);
    };`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const watcher = new Worker(url, { type: "module" });
  const messages: unknown[] = [];
  const seen = Promise.withResolvers<number[]>();
  const watching = Promise.withResolvers<void>();
  watcher.onmessage = ({ data }) => {
    messages.push(data);
    if (data === "watching") watching.resolve();
    else seen.resolve(data);
  };
  watcher.postMessage({ path, ms: 700 });
  await watching.promise;
  const before = Deno.umask(0);
  const until = performance.now() + 500;
  while (performance.now() < until) {
    const bound = bindSocket(request(path, 0o600));
    unlinkSocket(bound);
    close(bound.fd);
  }
  Deno.umask(before);
  const modes = await seen.promise;
  watcher.terminate();
  URL.revokeObjectURL(url);
  Deno.removeSync(directory, { recursive: true });
  assert.ok(modes.length > 0, "the watcher saw the socket");
  for (const mode of modes) assert.ok(mode === 0 || mode === 0o600, `saw ${mode.toString(8)}`);
});
