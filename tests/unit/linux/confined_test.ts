// What a process gives up for good. Each case is a process of its own: nothing here can be taken back.
import assert from "node:assert/strict";

import { landlockVersion } from "../../../lib/linux/landlock.ts";

const root = new URL("../../../lib/linux/", import.meta.url);
const asRoot = { ignore: Deno.uid() !== 0 };

/** Runs a program that has what `imports` names of lib/linux; what it prints, as JSON. */
async function child(imports: Record<string, string>, code: string, env = {}): Promise<unknown> {
  const lines = Object.entries(imports).map(([name, file]) =>
    `import { ${name} } from ${JSON.stringify(new URL(file, root).href)};`
  );
  const command = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", `${lines.join("\n")}\n${code}\nDeno.exit(0);`],
    env,
  });
  const { stdout, stderr, code: exit } = await command.output();
  const decoder = new TextDecoder();
  assert.equal(exit, 0, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}

const later = `
  const worker = new Worker("data:text/javascript,postMessage(1);setInterval(()=>{},9999)", { type: "module" });
  await new Promise((resolve) => worker.onmessage = resolve);
`;

Deno.test(
  "an identity is given up by every thread, by those that come later, and for good",
  asRoot,
  async () => {
    const threads = await child(
      { becomeProcess: "credentials.ts", threadStatuses: "thread_status.ts" },
      `becomeProcess({ uid: 4711, gid: 4712, groups: [4713, 4714] });
     ${later}
     let back = "";
     try { becomeProcess({ uid: 0, gid: 0, groups: [] }); } catch (error) { back = error.message; }
     const seen = threadStatuses().map(({ tid, ...status }) => JSON.stringify(status));
     console.log(JSON.stringify({ back, kinds: [...new Set(seen)].map(JSON.parse), count: seen.length }));`,
    ) as { back: string; kinds: unknown[]; count: number };
    assert.match(threads.back, /^setgroups .*EPERM/);
    assert.ok(threads.count > 3, `only ${threads.count} threads`);
    const none = "0000000000000000";
    assert.deepEqual(threads.kinds, [{
      uids: [4711, 4711, 4711, 4711],
      gids: [4712, 4712, 4712, 4712],
      groups: [4713, 4714],
      permitted: none,
      effective: none,
      ambient: none,
      noNewPrivileges: false,
    }]);
  },
);

Deno.test("no thread starts a program any more, and none can gain privileges", async () => {
  const result = await child(
    { forbidPrograms: "seccomp.ts", threadStatuses: "thread_status.ts" },
    `const run = () => { try { return new Deno.Command("/bin/true").outputSync().code; } catch (error) { return error.name; } };
     const before = run();
     forbidPrograms();
     ${later}
     const threads = threadStatuses();
     console.log(JSON.stringify({ before, after: run(), open: threads.filter((t) => !t.noNewPrivileges).length, many: threads.length > 3 }));`,
  );
  assert.deepEqual(result, { before: 0, after: "PermissionDenied", open: 0, many: true });
});

Deno.test("variables are forgotten, and their values erased, but for those that are needed", async () => {
  const result = await child(
    { forgetEnvironment: "environment.ts", readWholeFile: "proc.ts" },
    `forgetEnvironment((name) => name === "KEPT");
     const shown = readWholeFile("/proc/self/environ").split("\\0");
     console.log(JSON.stringify({
       left: Object.keys(Deno.env.toObject()).sort(),
       kept: shown.includes("KEPT=yes"),
       secret: shown.some((entry) => entry.includes("hunter2")),
     }));`,
    { KEPT: "yes", SECRET: "hunter2", EMPTY: "" },
  );
  assert.deepEqual(result, { left: ["KEPT"], kept: true, secret: false });
});

Deno.test("the limit of descriptors is as high as it may be, and none outlives an execve", async () => {
  const result = await child(
    {
      raiseDescriptorLimit: "rlimit.ts",
      forbidCoreFiles: "rlimit.ts",
      markCloseOnExec: "descriptors.ts",
      refuseInspection: "prctl.ts",
    },
    `const limit = raiseDescriptorLimit();
     forbidCoreFiles();
     markCloseOnExec();
     refuseInspection();
     const text = Deno.readTextFileSync("/proc/self/limits");
     const [, soft, hard] = /^Max open files +(\\S+) +(\\S+)/m.exec(text);
     const core = /^Max core file size +(\\S+) +(\\S+)/m.exec(text).slice(1);
     const leaking = [...Deno.readDirSync("/proc/self/fdinfo")].map(({ name }) => name).filter((fd) => {
       try {
         const flags = /flags:\\s*(\\d+)/.exec(Deno.readTextFileSync("/proc/self/fdinfo/" + fd))[1];
         return fd > 2 && (parseInt(flags, 8) & 0o2000000) === 0;
       } catch { return false; }
     });
     console.log(JSON.stringify({ same: soft === hard && soft === String(limit), core, leaking, owner: Deno.statSync("/proc/self/fd").uid }));`,
  );
  assert.deepEqual(result, { same: true, core: ["0", "0"], leaking: [], owner: 0 });
});

Deno.test(
  "begun anew, no thread opens a file that is not allowed, those of the runtime's pool included",
  {
    ignore: landlockVersion() === 0,
  },
  async () => {
    const directory = await Deno.makeTempDir({ dir: "/tmp" });
    for (const name of ["open", "shut", "full"]) {
      await Deno.mkdir(`${directory}/${name}`);
      await Deno.writeTextFile(`${directory}/${name}/a`, "text");
    }
    using _listener = Deno.listen({ transport: "unix", path: `${directory}/shut/s` });
    const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
    const { denoDir } = JSON.parse(new TextDecoder().decode(info.stdout));
    const own = [root.pathname, Deno.cwd(), `${directory}/open`];
    const writable = ["/dev/null", denoDir, `${directory}/full`, "/nonexistent"];
    const result = await child(
      { isRestricted: "landlock.ts", restrictThread: "landlock.ts", beginAnew: "execute.ts" },
      `const base = ${JSON.stringify(directory)};
     if (!isRestricted()) {
       const system = ["/etc", "/usr", "/lib", "/lib64", "/proc", "/sys", "/dev"];
       restrictThread([...system, ...${JSON.stringify(own)}], ${JSON.stringify(writable)});
       beginAnew();
     }
     const named = (action) => { try { action(); return "done"; } catch (error) { return error.name; } };
     const code = "let r = 'done'; try { Deno.readTextFileSync('" + base + "/shut/a') } catch (error) { r = error.name } postMessage(r)";
     const worker = new Worker("data:text/javascript," + encodeURIComponent(code), { type: "module" });
     const inWorker = await new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
     console.log(JSON.stringify({
       main: named(() => Deno.readTextFileSync(base + "/shut/a")),
       pool: await Deno.readTextFile(base + "/shut/a").then(() => "done", (error) => error.name),
       inWorker,
       made: named(() => Deno.writeTextFileSync(base + "/shut/b", "")),
       removed: named(() => Deno.removeSync(base + "/shut/a")),
       read: named(() => Deno.readTextFileSync(base + "/open/a")),
       changed: named(() => Deno.writeTextFileSync(base + "/open/a", "")),
       own: named(() => Deno.renameSync(base + "/full/a", base + "/full/b")),
       looked: named(() => Deno.statSync(base + "/shut/a")),
       connected: await Deno.connect({ transport: "unix", path: base + "/shut/s" }).then(() => "done", (error) => error.name),
     }));`,
    );
    const denied = "PermissionDenied";
    assert.deepEqual(result, {
      main: denied,
      pool: denied,
      inWorker: denied,
      made: denied,
      removed: denied,
      read: "done",
      changed: denied,
      own: "done",
      // These two it does not govern, as the README says.
      looked: "done",
      connected: "done",
    });
    await Deno.remove(directory, { recursive: true });
  },
);
