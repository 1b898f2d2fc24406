// Plans that are carried out below a throw-away root, and taken back.
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { accountSteps } from "../../../lib/harden/account_steps.ts";
import { apply } from "../../../lib/harden/apply.ts";
import { isBelowCommand } from "../../../lib/harden/below_commands.ts";
import { diskOf } from "../../../lib/harden/disk.ts";
import { keptForms } from "../../../lib/harden/forms.ts";
import type { Planned } from "../../../lib/harden/host.ts";
import { type PartName, partNames, Refused, type Step } from "../../../lib/harden/part.ts";
import { revert, revertEntries } from "../../../lib/harden/revert.ts";
import { systemd } from "../../../lib/harden/systemd.ts";
import { which } from "../../support/private_engine.ts";
import { factsOf, plain } from "./facts_of.ts";
import { Crash, failingAt, hostBelow, pictureOf, withRoot } from "./throw_away.ts";

const all = new Set(partNames);
const silent = () => {};

function file(path: string, text: string, more: Partial<Step> = {}): Step {
  return { kind: "file", path, content: () => text, mode: 0o640, why: "a test", ...more } as Step;
}

/** Leaves a file of its own behind, as a program of the host's would. */
function command(name: string): Step {
  return {
    kind: "command",
    command: ["false"],
    undo: ["false", "undo"],
    done: ["false", name],
    below: (
      root,
    ) => ["sh", "-c", `echo made > ${root}/etc/${name}; echo old > ${root}/etc/${name}-`],
    undoBelow: (root) => ["rm", `${root}/etc/${name}`],
    doneBelow: (root) => ["test", "-f", `${root}/etc/${name}`],
    touches: { files: [`/etc/${name}`], beside: [`/etc/${name}-`] },
    why: "a test",
  };
}

function plans(...parts: [PartName, Step[]][]): Planned[] {
  return parts.map(([part, steps]) => ({ part, summary: part, plan: { steps, notes: [] } }));
}

const before = { "/etc/old.conf": "as it was\n", "/etc/app/daemon.json": "{}" };
const merged = file("/etc/app/daemon.json", "", {
  merges: true,
  content: (text = "") => text.includes("ours") ? text : `${text} ours`,
} as Partial<Step>);
const usual = plans(
  ["sockets", [command("group"), file("/etc/new/deep/one.conf", "one\n"), merged]],
  ["systemd", [file("/etc/old.conf", "another\n"), file("/etc/new/two.conf", "two")]],
);

Deno.test("what is applied is as planned, a second time is nothing to do, and reverting leaves no trace", () =>
  withRoot(before, async (root) => {
    await Deno.chmod(`${root}/etc/app/daemon.json`, 0o604);
    const picture = pictureOf(root);
    const host = hostBelow(root);
    assert.equal(await apply(usual, host, false, silent), 5);
    assert.equal(Deno.readTextFileSync(`${root}/etc/old.conf`), "another\n");
    assert.equal(Deno.statSync(`${root}/etc/old.conf`).mode! & 0o777, 0o640);
    assert.equal(Deno.readTextFileSync(`${root}/etc/app/daemon.json`), "{} ours");
    assert.equal(Deno.statSync(`${root}/etc/app/daemon.json`).mode! & 0o777, 0o604);
    const applied = pictureOf(root);
    assert.equal(await apply(usual, host, false, silent), 0);
    assert.deepEqual(pictureOf(root), applied);
    assert.equal(await revert(all, host, false, silent), 7);
    assert.deepEqual(pictureOf(root), picture);
    assert.equal(await revert(all, host, false, silent), 0);
  }));

for (const half of [false, true]) {
  const how = half ? "with a file half written" : "before a change";
  Deno.test(`a crash ${how}, at any of them, can be reverted, or gone on from`, () =>
    withRoot(before, async (root) => {
      const picture = pictureOf(root);
      const host = hostBelow(root);
      let crashes = 0;
      for (let change = 1;; change++) {
        const disk = failingAt(root, change, half);
        try {
          await apply(usual, hostBelow(root, disk), false, silent);
          break;
        } catch (error) {
          if (!(error instanceof Crash)) throw error;
          crashes++;
        }
        if (change % 2 === 0) {
          await apply(usual, host, false, silent);
          assert.equal(Deno.readTextFileSync(`${root}/etc/old.conf`), "another\n");
        }
        await revert(all, host, false, silent);
        assert.deepEqual(pictureOf(root), picture, `after ${change} changes`);
      }
      assert.ok(crashes > 15, `${crashes}`);
      await revert(all, host, false, silent);
    }));
}

Deno.test("a revert that is cut off, at any change, is finished by the next", () =>
  withRoot(before, async (root) => {
    const picture = pictureOf(root);
    const host = hostBelow(root);
    let crashes = 0;
    for (let change = 1;; change++) {
      await apply(usual, host, false, silent);
      try {
        await revert(all, hostBelow(root, failingAt(root, change, true)), false, silent);
        break;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        crashes++;
      }
      await revert(all, host, false, silent);
      assert.deepEqual(pictureOf(root), picture, `after ${change} changes`);
    }
    assert.ok(crashes > 15, `${crashes}`);
    assert.deepEqual(pictureOf(root), picture);
  }));

Deno.test("a file that was changed by hand is neither written anew nor put back, but by force", () =>
  withRoot(before, async (root) => {
    const picture = pictureOf(root);
    const host = hostBelow(root);
    await apply(usual, host, false, silent);
    await Deno.writeTextFile(`${root}/etc/old.conf`, "by hand\n");
    const changed = pictureOf(root);
    const refused = (error: Error) =>
      error instanceof Refused && /\/etc\/old\.conf was changed by hand/.test(error.message);
    await assert.rejects(() => apply(usual, host, false, silent), refused);
    await assert.rejects(() => revert(all, host, false, silent), refused);
    assert.deepEqual(pictureOf(root), changed);
    assert.equal(await apply(usual, host, true, silent), 1);
    await Deno.chmod(`${root}/etc/old.conf`, 0o666);
    await assert.rejects(() => revert(all, host, false, silent), refused);
    await revert(all, host, true, silent);
    assert.deepEqual(pictureOf(root), picture);
  }));

Deno.test("a file that was removed since is not put back, but by force", () =>
  withRoot(before, async (root) => {
    const host = hostBelow(root);
    const picture = pictureOf(root);
    await apply(usual, host, false, silent);
    await Deno.remove(`${root}/etc/old.conf`);
    await assert.rejects(() => revert(all, host, false, silent), /old\.conf was removed/);
    await revert(all, host, true, silent);
    assert.deepEqual(pictureOf(root), picture);
  }));

Deno.test("what is merged keeps what was changed by hand, and is not put back over it", () =>
  withRoot(before, async (root) => {
    const host = hostBelow(root);
    await apply(usual, host, false, silent);
    await Deno.writeTextFile(`${root}/etc/app/daemon.json`, "mine");
    assert.equal(await apply(usual, host, false, silent), 1);
    assert.equal(Deno.readTextFileSync(`${root}/etc/app/daemon.json`), "mine ours");
    await assert.rejects(() => revert(all, host, false, silent), /made by hand beside ours/);
  }));

Deno.test("parts are applied and reverted one by one, each with the folders that it needs", () =>
  withRoot(before, async (root) => {
    const picture = pictureOf(root);
    const host = hostBelow(root);
    await apply(usual, host, false, silent);
    await revert(new Set(["systemd"] as const), host, false, silent);
    assert.equal(Deno.readTextFileSync(`${root}/etc/new/deep/one.conf`), "one\n");
    assert.equal(Deno.readTextFileSync(`${root}/etc/old.conf`), "as it was\n");
    await revert(new Set(["sockets"] as const), host, false, silent);
    assert.deepEqual(pictureOf(root), picture);
  }));

Deno.test("a folder that one part made goes with the last part that has a file there", () =>
  withRoot(before, async (root) => {
    const picture = pictureOf(root);
    const host = hostBelow(root);
    const both = plans(["sockets", [file("/etc/new/1", "1")]], ["daemon", [
      file("/etc/new/2", "2"),
    ]]);
    await apply(both, host, false, silent);
    await revert(new Set(["sockets"] as const), host, false, silent);
    assert.equal(Deno.readTextFileSync(`${root}/etc/new/2`), "2");
    await revert(new Set(["daemon"] as const), host, false, silent);
    assert.deepEqual(pictureOf(root), picture);
  }));

Deno.test("accounts are not taken from under the service that runs as them", () =>
  withRoot(before, async (root) => {
    const host = hostBelow(root);
    await apply(usual, host, false, silent);
    const applied = pictureOf(root);
    await assert.rejects(
      () => revert(new Set(["sockets"] as const), host, false, silent),
      /systemd stands on the accounts of sockets: revert it, too/,
    );
    assert.deepEqual(pictureOf(root), applied);
  }));

Deno.test("two parts that write one file are taken back from the last to the first", () =>
  withRoot(before, async (root) => {
    const picture = pictureOf(root);
    const host = hostBelow(root);
    const both = plans(["sockets", [file("/etc/x", "s")]], [
      "daemon",
      [file("/etc/x", "d", { merges: true } as Partial<Step>)],
    ]);
    await apply(both, host, false, silent);
    const sockets = new Set(["sockets"] as const);
    await assert.rejects(() => revert(sockets, host, false, silent), /by the part daemon since/);
    await revert(all, host, false, silent);
    assert.deepEqual(pictureOf(root), picture);
  }));

Deno.test("a step that is wanted no more is taken back by the next apply", () =>
  withRoot(before, async (root) => {
    const picture = pictureOf(root);
    const host = hostBelow(root);
    await apply(usual, host, false, silent);
    const fewer = plans(["systemd", [file("/etc/new/two.conf", "two")]]);
    assert.equal(await apply(fewer, host, false, silent), 1);
    assert.equal(Deno.readTextFileSync(`${root}/etc/old.conf`), "as it was\n");
    assert.equal(Deno.readTextFileSync(`${root}/etc/new/deep/one.conf`), "one\n");
    await revert(all, host, false, silent);
    assert.deepEqual(pictureOf(root), picture);
  }));

Deno.test("nothing is written through a link, and links lead nowhere out of the root", () =>
  withRoot(before, async (root) => {
    const host = hostBelow(root);
    const outside = await Deno.makeTempDir({ prefix: "harden-out-" });
    try {
      await Deno.symlink(`${outside}/target`, `${root}/etc/link.conf`);
      const linked = plans(["daemon", [file("/etc/link.conf", "x")]]);
      await assert.rejects(() => apply(linked, host, false, silent), /is a link to/);
      await Deno.symlink(outside, `${root}/etc/folder`);
      await apply(plans(["daemon", [file("/etc/folder/y.conf", "y")]]), host, false, silent);
      assert.deepEqual([...Deno.readDirSync(outside)], []);
      assert.equal(Deno.readTextFileSync(`${root}${outside}/y.conf`), "y");
    } finally {
      await Deno.remove(outside, { recursive: true });
    }
  }));

Deno.test("a folder that others can write is no place for files of root's", () =>
  withRoot(before, async (root) => {
    await Deno.chmod(`${root}/etc/app`, 0o777);
    await assert.rejects(
      () => apply(usual, hostBelow(root), false, silent),
      /etc\/app belongs to uid \d+ with mode 0777/,
    );
  }));

Deno.test("a root that somebody else can rename is none, either", () =>
  withRoot(before, async (root) => {
    await Deno.chmod(root, 0o777);
    await assert.rejects(
      () => apply(usual, hostBelow(root), false, silent),
      (error: Error) => error instanceof Refused && error.message.startsWith(`${root} belongs to`),
    );
    await Deno.chmod(root, 0o700);
  }));

Deno.test("a manifest that others can write is not trusted: it names commands", () =>
  withRoot(before, async (root) => {
    const host = hostBelow(root);
    await apply(usual, host, false, silent);
    await Deno.chmod(`${root}/var/lib/postern/harden/manifest.json`, 0o666);
    await assert.rejects(() => revert(all, host, false, silent), /is not trusted/);
  }));

Deno.test("two at once: the second one is refused", () =>
  withRoot(before, async (root) => {
    const host = hostBelow(root);
    const slow = plans(["audit", [{
      kind: "command",
      command: [],
      below: () => ["sleep", "0.5"],
      doneBelow: () => ["false"],
      why: "a test",
    }]]);
    const first = apply(slow, host, false, silent);
    await assert.rejects(
      () => apply(usual, host, false, silent),
      /another `postern harden` is at work/,
    );
    await first;
  }));

Deno.test("a refusal of any part changes nothing at all", () =>
  withRoot(before, async (root) => {
    const picture = pictureOf(root);
    const bad = file("/etc/z", "", {
      content: () => {
        throw new Refused("it cannot be read");
      },
    } as Partial<Step>);
    const planned = [...usual, ...plans(["daemon", [bad]])];
    await assert.rejects(() => apply(planned, hostBelow(root), false, silent), /it cannot be read/);
    assert.deepEqual(pictureOf(root), picture);
  }));

Deno.test("a command that fails stops there, and what came before can be reverted", () =>
  withRoot(before, async (root) => {
    const picture = pictureOf(root);
    const host = hostBelow(root);
    const failing: Step = {
      kind: "command",
      command: [],
      below: () => ["sh", "-c", "echo no such luck >&2; exit 3"],
      why: "a test",
    };
    const planned = plans(["audit", [file("/etc/a", "a"), failing]]);
    await assert.rejects(() => apply(planned, host, false, silent), /no such luck/);
    // It is tried again: the reload that it is was never run.
    await assert.rejects(() => apply(planned, host, false, silent), /no such luck/);
    await revert(all, host, false, silent);
    assert.deepEqual(pictureOf(root), picture);
  }));

Deno.test("a part that came to its end is not reloaded again because a later one failed", () =>
  withRoot(before, async (root) => {
    const host = hostBelow(root);
    const counting: Step = {
      kind: "command",
      command: [],
      below: (root) => ["sh", "-c", `echo reloaded >> ${root}/etc/reloads`],
      why: "a test",
    };
    const failing: Step = { ...counting, below: () => ["false"] } as Step;
    const planned = plans(
      ["sockets", [file("/etc/a", "a"), counting]],
      ["audit", [file("/etc/b", "b"), failing]],
    );
    for (let times = 0; times < 3; times++) {
      await assert.rejects(() => apply(planned, host, false, silent), /`false` failed/);
    }
    assert.equal(Deno.readTextFileSync(`${root}/etc/reloads`), "reloaded\n");
  }));

const accounts = { "/etc/passwd": "root:x:0:0::/:/\n", "/etc/group": "g:x:0:\n" };
const access: Step = {
  kind: "access",
  what: "socket",
  path: "/run/docker.sock",
  mode: 0o660,
  user: "root",
  group: "g",
  why: "a test",
};

Deno.test("a live socket gets its mode and owner, and has them back", () =>
  withRoot({
    ...before,
    "/run/x": "",
    ...accounts,
  }, async (root) => {
    using _engine = Deno.listen({ transport: "unix", path: `${root}/run/docker.sock` });
    await Deno.chmod(`${root}/run/docker.sock`, 0o666);
    const picture = pictureOf(root);
    const host = hostBelow(root);
    assert.equal(await apply(plans(["sockets", [access]]), host, false, silent), 1);
    assert.equal(Deno.statSync(`${root}/run/docker.sock`).mode! & 0o777, 0o660);
    assert.equal(await apply(plans(["sockets", [access]]), host, false, silent), 0);
    await revert(all, host, false, silent);
    assert.deepEqual(pictureOf(root), picture);
  }));

Deno.test("a manifest names no root: in another place, what is below its first one is not touched", () =>
  withRoot(before, async (root) => {
    const picture = pictureOf(root);
    const moved = `${root}-moved`;
    await apply(usual, hostBelow(root), false, silent);
    const manifest = Deno.readTextFileSync(`${root}/var/lib/postern/harden/manifest.json`);
    assert.ok(!manifest.includes(root), manifest);
    await Deno.rename(root, moved);
    try {
      // Whoever can makes a folder by its old name, and puts there what root's programs would read or write.
      await Deno.mkdir(`${root}/etc`, { recursive: true });
      await Deno.writeTextFile(`${root}/etc/group`, "somebody's\n");
      assert.equal(await apply(usual, hostBelow(moved), false, silent), 0);
      await revert(all, hostBelow(moved), false, silent);
      assert.equal(Deno.readTextFileSync(`${root}/etc/group`), "somebody's\n");
      assert.deepEqual(pictureOf(moved), picture);
    } finally {
      await Deno.remove(root, { recursive: true });
      await Deno.rename(moved, root);
    }
  }));

Deno.test("on the host that a tree becomes, the commands are the host's own", () =>
  withRoot(before, async (root) => {
    await apply(usual, hostBelow(root), false, silent);
    const ran: string[] = [];
    const booted = {
      ...hostBelow(root),
      root: "",
      run: (program: string, args: readonly string[]) => {
        ran.push([program, ...args].join(" "));
        return Promise.resolve({ code: 0, stdout: "", stderr: "" });
      },
    };
    const { entries } = JSON.parse(
      Deno.readTextFileSync(`${root}/var/lib/postern/harden/manifest.json`),
    );
    const [command] = entries.filter((entry: { kind: string }) => entry.kind === "command");
    await revertEntries(
      [command],
      { version: 2, made: [], dirty: [], entries },
      booted,
      false,
      silent,
    );
    assert.deepEqual(ran, ["false group", "false undo"]);
  }));

Deno.test("below a root, a manifest that its host has made runs nothing of this host's", () =>
  withRoot(before, async (root) => {
    const host = hostBelow(root);
    const live: Step = {
      kind: "command",
      command: ["true"],
      undo: ["touch", `${root}/etc/undone`],
      done: ["false"],
      why: "a test",
    };
    await apply(usual, host, false, silent);
    const file = `${root}/var/lib/postern/harden/manifest.json`;
    const manifest = JSON.parse(Deno.readTextFileSync(file));
    const { kind: _kind, why: _why, ...forms } = live as Extract<Step, { kind: "command" }>;
    for (
      const more of [{ clears: true }, { done: ["true"] }, { undo: undefined, done: undefined }]
    ) {
      manifest.entries.push({
        ...{ kind: "command", part: "systemd", ran: true, files: {}, beside: {} },
        ...{ ...forms, command: ["touch", `${root}/etc/again`] },
        ...more,
      });
    }
    Deno.writeTextFileSync(file, JSON.stringify(manifest));
    const told: string[] = [];
    await revert(all, host, false, (text) => told.push(text));
    assert.deepEqual(
      told.filter((text) => text.startsWith("left to its own host: touch")).length,
      2,
    );
    for (const name of ["undone", "again"]) {
      assert.throws(() => Deno.statSync(`${root}/etc/${name}`), Deno.errors.NotFound);
    }
  }));

Deno.test("a manifest of before commands had a form for every place is not run", () =>
  withRoot(before, async (root) => {
    const host = hostBelow(root);
    await apply(usual, host, false, silent);
    const file = `${root}/var/lib/postern/harden/manifest.json`;
    const manifest = JSON.parse(Deno.readTextFileSync(file));
    Deno.writeTextFileSync(file, JSON.stringify({ ...manifest, version: 1 }));
    await assert.rejects(() => revert(all, host, false, silent), /its version is 1, wanted 2/);
  }));

Deno.test("what has a socket's name and is none is not given away, and nothing else is done", () =>
  withRoot({ ...before, ...accounts, "/run/docker.sock": "" }, async (root) => {
    const picture = pictureOf(root);
    const planned = [...plans(["sockets", [access]]), ...usual.slice(1)];
    await assert.rejects(
      () => apply(planned, hostBelow(root), false, silent),
      /\/run\/docker\.sock is there as a file, not as a socket/,
    );
    assert.deepEqual(pictureOf(root), picture);
  }));

Deno.test("what took a socket's place since it was looked at is not given away", () =>
  withRoot({ ...before, "/run/other": "" }, async (root) => {
    const disk = diskOf(root);
    const given = { mode: 0o666, uid: Deno.uid()!, gid: Deno.gid()! };
    await Deno.link(`${root}/run/other`, `${root}/run/docker.sock`);
    const picture = pictureOf(root);
    assert.throws(
      () => disk.setAccess("/run/docker.sock", "socket", given),
      /is no socket any more/,
    );
    await Deno.remove(`${root}/run/docker.sock`);
    await Deno.symlink("other", `${root}/run/docker.sock`);
    assert.throws(() => disk.setAccess("/run/docker.sock", "file", given), /is a link to other/);
    await Deno.remove(`${root}/run/docker.sock`);
    await Deno.link(`${root}/run/other`, `${root}/run/docker.sock`);
    assert.deepEqual(pictureOf(root), picture);
  }));

Deno.test("a file that stands where a socket was is not given back to whom the socket was", () =>
  withRoot({ ...before, ...accounts, "/run/x": "" }, async (root) => {
    const host = hostBelow(root);
    const socket = `${root}/run/docker.sock`;
    const engine = Deno.listen({ transport: "unix", path: socket });
    await Deno.chmod(socket, 0o666);
    await apply(plans(["sockets", [access]]), host, false, silent);
    await Deno.remove(socket);
    engine.close();
    await Deno.writeTextFile(socket, "", { mode: 0o660 });
    await Deno.chmod(socket, 0o660);
    await revert(all, host, false, silent);
    assert.equal(Deno.statSync(socket).mode! & 0o777, 0o660);
  }));

Deno.test("a group that goes leaves no socket behind for the next one of its number", () =>
  withRoot({
    ...before,
    ...accounts,
    "/etc/group": `g:x:${Deno.gid()}:\nroot:x:0:\n`,
    "/run/x": "",
  }, async (root) => {
    const host = hostBelow(root);
    const sockets = ["/run/docker.sock", "/run/x", "/run/none"];
    for (const to of ["root", "nowhere"]) {
      const group = { ...command("made"), frees: { group: "g", sockets, to, mode: 0o606 } } as Step;
      await apply(plans(["sockets", [group]]), host, false, silent);
      // Made after that, by whatever makes it.
      using _engine = Deno.listen({ transport: "unix", path: `${root}/run/docker.sock` });
      await Deno.chmod(`${root}/run/docker.sock`, 0o660);
      const given: unknown[] = [];
      const disk = { ...host.disk, setAccess: (...all: unknown[]) => void given.push(all) };
      await revert(all, { ...host, disk }, false, silent);
      assert.deepEqual(given, [
        ["/run/docker.sock", "socket", { mode: 0o600, uid: Deno.uid(), gid: 0 }],
      ]);
    }
  }));

for (
  const [path, make] of [
    ["/etc/passwd-", (to: string, at: string) => Deno.symlinkSync(`${to}/file`, at)],
    ["/etc/group+", (to: string, at: string) => Deno.symlinkSync(`${to}/file`, at)],
    ["/etc/shadow.4711", (to: string, at: string) => Deno.symlinkSync(`${to}/file`, at)],
    ["/etc/gshadow", (_: string, at: string) => Deno.mkdirSync(at)],
    ["/etc/systemd/system/sockets.target.wants", (to: string, at: string) => {
      Deno.mkdirSync(dirname(at), { recursive: true });
      Deno.symlinkSync(to, at);
    }],
    ["/etc/systemd", (to: string, at: string) => Deno.symlinkSync(to, at)],
    ["/etc", (to: string, at: string) => {
      Deno.removeSync(at, { recursive: true });
      Deno.symlinkSync(to, at);
    }],
  ] as const
) {
  Deno.test(`below a root, no program is run that would follow ${path} out of it`, () =>
    withRoot(before, async (root) => {
      const outside = await Deno.makeTempDir({ prefix: "harden-out-" });
      try {
        const host = hostBelow(root);
        const one = plans(["sockets", [command("made")]]);
        if (path !== "/etc") await apply(one, host, false, silent);
        make(outside, `${root}${path}`);
        const refused = (error: Error) =>
          error instanceof Refused && error.message.includes(`${path} below ${root} is`);
        await assert.rejects(() => apply(one, host, false, silent), refused);
        if (path !== "/etc") await assert.rejects(() => revert(all, host, true, silent), refused);
        assert.deepEqual([...Deno.readDirSync(outside)], []);
      } finally {
        await Deno.remove(outside, { recursive: true });
      }
    }));
}

const other = { ignore: Deno.uid() !== 0 };

Deno.test({
  name: "what somebody else has put into a folder of everybody's is not given away (root)",
  ...other,
  fn: () =>
    withRoot({ ...before, ...accounts, "/run/st/x": "" }, async (root) => {
      await Deno.chmod(`${root}/run/st`, 0o1777);
      const socket = `${root}/run/st/docker.sock`;
      using _engine = Deno.listen({ transport: "unix", path: socket });
      const step = { ...access, path: "/run/st/docker.sock" } as Step;
      await Deno.chown(socket, 65534, 65534);
      await assert.rejects(
        () => apply(plans(["sockets", [step]]), hostBelow(root), false, silent),
        /docker\.sock is uid 65534's, in a folder where everybody can put something/,
      );
      assert.equal(Deno.lstatSync(socket).uid, 65534);
      await Deno.chown(socket, 0, 0);
      await apply(plans(["sockets", [step]]), hostBelow(root), false, silent);
      assert.equal(Deno.lstatSync(socket).mode! & 0o777, 0o660);
    }),
});

const setfacl = which("setfacl");

Deno.test({
  name: "a socket whose access control list lets others in is not hardened by a mode" +
    (setfacl === undefined ? " (setfacl is not installed)" : ""),
  ignore: setfacl === undefined,
  fn: () =>
    withRoot({ ...before, ...accounts, "/run/x": "" }, async (root) => {
      const host = hostBelow(root);
      const socket = `${root}/run/docker.sock`;
      using _engine = Deno.listen({ transport: "unix", path: socket });
      await Deno.chmod(socket, 0o600);
      const acl = (...args: string[]) =>
        new Deno.Command(setfacl!, { args: [...args, socket] }).outputSync();
      // It names somebody with no right at all, whom the mode of the group would give one.
      assert.ok(acl("-m", "u:65534:rw,m::-").success);
      const picture = pictureOf(root);
      const planned = plans(["sockets", [access]]);
      await assert.rejects(() => apply(planned, host, false, silent), /setfacl --remove-all/);
      assert.deepEqual(pictureOf(root), picture);
      assert.ok(acl("--remove-all").success);
      assert.equal(await apply(planned, host, false, silent), 1);
    }),
});

Deno.test({
  name:
    "what a user that goes has written becomes root's, and nobody's who gets the number next (root)",
  ...other,
  fn: () =>
    withRoot({
      ...before,
      "/etc/passwd": "root:x:0:0::/:/\ngate:x:997:997::/:/\n",
      "/var/log/gate/audit.jsonl": "{}\n",
      "/var/log/gate/alice": "",
      "/var/log/root/x": "",
      "/etc/target": "",
    }, async (root) => {
      const log = `${root}/var/log/gate`;
      await Deno.chmod(log, 0o770);
      await Deno.symlink("/etc/target", `${log}/link`);
      for (const name of ["", "/audit.jsonl"]) await Deno.chown(`${log}${name}`, 997, 997);
      await Deno.chown(`${log}/alice`, 1000, 1000);
      const folders = ["/var/log/gate", "/var/log/none", "/var/log/root"];
      const user = { ...command("made"), leaves: { user: "gate", folders } } as Step;
      const host = hostBelow(root);
      await apply(plans(["sockets", [user]]), host, false, silent);
      const others = pictureOf(root).filter((line) =>
        /^\/(etc|var\/log\/(root|gate\/(alice|link)))/.test(line) && !/made/.test(line)
      );
      const told: string[] = [];
      await revert(all, host, false, (text) => told.push(text));
      const owner = (path: string) => {
        const { uid, gid, mode } = Deno.lstatSync(path);
        return [uid, gid, mode! & 0o777];
      };
      assert.deepEqual(owner(log), [0, 0, 0o750]);
      assert.deepEqual(owner(`${log}/audit.jsonl`).slice(0, 2), [0, 0]);
      const after = pictureOf(root);
      for (const line of others) assert.ok(after.includes(line), line);
      assert.equal(told.filter((text) => text.startsWith("gave ")).length, 1);
    }),
});

for (
  const [what, forms] of [
    ["an undoing", { below: { undo: ["touch", "TARGET"], done: ["true"] } }],
    ["a look", { below: { undo: ["groupdel", "--prefix", "\0", "g"], done: ["touch", "TARGET"] } }],
    ["an undoing of the host's own", { undo: ["touch", "TARGET"], clears: true }],
    ["a reload", { undo: undefined, done: undefined, command: ["touch", "TARGET"] }],
    ["a reload that is its own undoing", {
      undo: ["touch", "TARGET"],
      command: ["touch", "TARGET"],
    }],
    ["a reload below it", { command: ["x"], undo: ["x"], below: { command: ["touch", "TARGET"] } }],
  ] as const
) {
  Deno.test(`a tree whose manifest makes up ${what} has nothing run on this host`, () =>
    withRoot(before, async (root) => {
      const host = { ...hostBelow(root), isBelowCommand };
      await apply(plans(["systemd", [file("/etc/a", "a")]]), host, false, silent);
      const path = `${root}/var/lib/postern/harden/manifest.json`;
      const manifest = JSON.parse(Deno.readTextFileSync(path));
      const entry = { kind: "command", part: "systemd", ran: true, files: {}, beside: {} };
      manifest.entries.push({ ...entry, command: ["x"], undo: ["x", "y"], done: ["x"], ...forms });
      const text = JSON.stringify(manifest).replaceAll("TARGET", `${root}/etc/target`);
      Deno.writeTextFileSync(path, text);
      const other = plans(["systemd", [file("/etc/b", "b")]]);
      for (
        const act of [
          () => apply(other, host, true, silent),
          () => revert(all, host, true, silent),
        ]
      ) {
        await act().catch((error) => assert.ok(error instanceof Refused, String(error)));
        assert.throws(() => Deno.statSync(`${root}/etc/target`), Deno.errors.NotFound);
      }
    }));
}

Deno.test("what harden itself writes into a tree's manifest may be run there, and little else", () => {
  const steps = [
    ...accountSteps({ user: "jo.doe@example.org", group: "postern-engine" }, {
      group: "postern-engine",
      sockets: [],
      to: "root",
      mode: 0o660,
    }),
    ...systemd.plan(factsOf({ programs: ["systemctl"], config: plain })).steps,
  ];
  let known = 0;
  for (const step of steps) {
    const below = step.kind === "command" ? keptForms(step).below : undefined;
    if (below === undefined) continue;
    for (const words of [below.undo!, below.done!]) {
      known++;
      assert.ok(isBelowCommand(words), words.join(" "));
      for (const [at] of words.entries()) {
        assert.ok(!isBelowCommand(words.with(at, "/etc/shadow")), `${words.join(" ")}, ${at}`);
        assert.ok(!isBelowCommand(words.toSpliced(at, 0, "-R")), `${words.join(" ")}, ${at}`);
      }
      assert.ok(!isBelowCommand([...words, "-x"]));
    }
  }
  assert.ok(known >= 10, `${known}`);
});
