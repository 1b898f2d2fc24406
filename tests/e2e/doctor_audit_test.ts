// What doctor says of audit rules, held against this kernel: what it takes for a record is one, and what it does not is none.
import assert from "node:assert/strict";
import { auditctl, missingForAuditd, PrivateAuditd } from "../support/private_auditd.ts";
import { missingForPrivateEtc, PrivateEtc } from "../support/private_etc.ts";
import { doctor, levels, text, typed } from "../support/running_doctor.ts";

const missing = missingForPrivateEtc() ?? missingForAuditd() ??
  (Deno.build.arch === "x86_64" ? undefined : "the rules of this test are x86-64's");
const KEY = "doctor_test";
const RULES = "/etc/audit/rules.d";

/** Rules of files as people write them, and whether they record a connect of a 64-bit program. */
const written: readonly [name: string, rule: string, records: boolean, says: RegExp][] = [
  ["a watch", "-w SOCKET -p rwa", false, /a connect does none of these/],
  ["a watch of its folder", "-w FOLDER -p rwxa", false, /a connect does none of these/],
  ["a link", "-a always,exit -F arch=b64 -S connect -F path=LINK", false, /does not follow/],
  ["other calls", "-a always,exit -F arch=b64 -S openat -F path=SOCKET", false, /calls connect/],
  [
    "all but root",
    "-a always,exit -F arch=b64 -S connect -F path=SOCKET -F uid!=0",
    false,
    /leaves out root/,
  ],
  [
    "only failures",
    "-a always,exit -F arch=b64 -S connect -F path=SOCKET -F success=0",
    false,
    /only connects that fail/,
  ],
  [
    "64 bits alone",
    "-a always,exit -F arch=b64 -S connect -F path=SOCKET",
    true,
    /not recorded: programs of 32 bits/,
  ],
  [
    "its folder",
    "-a always,exit -F arch=b64 -S connect -F dir=FOLDER",
    true,
    /not recorded: programs of 32 bits/,
  ],
];

Deno.test({
  name: `what doctor says of audit rules is so in this kernel (${missing ?? "auditd"})`,
  ignore: missing !== undefined,
  async fn(t) {
    await using auditd = await PrivateAuditd.start();
    await using etc = await PrivateEtc.start();
    const { through } = etc;
    const folder = `${auditd.directory}/engine`;
    const socket = `${folder}/up.sock`;
    await Deno.mkdir(folder);
    const listener = Deno.listen({ transport: "unix", path: socket });
    const served = (async () => {
      for await (const connection of listener) connection.close();
    })().catch(() => {});
    await Deno.symlink(socket, `${folder}/link`);
    const config = "/etc/postern/postern.yaml";
    await Deno.mkdir(`${etc.root}/etc/postern`, { recursive: true });
    await Deno.writeTextFile(
      `${etc.root}${config}`,
      `upstream: ${socket}\nlisteners: [{ socket: /run/p/ci.sock, policy: read-only }]\n`,
    );
    const rulesAre = async (text: string) => {
      await Deno.remove(`${etc.root}${RULES}`, { recursive: true });
      await Deno.mkdir(`${etc.root}${RULES}`);
      await Deno.writeTextFile(`${etc.root}${RULES}/50-test.rules`, text);
    };
    const load = async () => {
      const { stderr } = await new Deno.Command(through[0]!, {
        args: [...through.slice(1), "augenrules", "--load"],
      }).output();
      return new TextDecoder().decode(stderr);
    };
    const look = async () => (await doctor(config, { through }))("audit-rules");
    /** Whether the kernel records a connect of a program's. */
    const records = async (key = KEY) => {
      const before = (await auditd.events(key)).length;
      const { success } = await new Deno.Command("perl", {
        args: [
          "-MSocket",
          "-e",
          `socket(S,AF_UNIX,SOCK_STREAM,0);connect(S,pack_sockaddr_un("${socket}")) or exit 1`,
        ],
      }).output();
      assert.ok(success);
      return (await auditd.events(key)).length > before;
    };

    await t.step("none are advice", async () => {
      await rulesAre("-D\n");
      await load();
      assert.deepEqual(levels(await look()), ["advice"]);
    });

    for (const [name, rule, does, says] of written) {
      await t.step(
        `${name}: ${does ? "a record, and not of every program" : "no record"}`,
        async () => {
          const real = rule.replace("SOCKET", socket).replace("FOLDER", folder)
            .replace("LINK", `${folder}/link`);
          await rulesAre(`-D\n${real} -k ${KEY}\n`);
          const said = await load();
          assert.equal(await records(), does, said);
          const found = await look();
          assert.deepEqual(levels(found), ["wrong"], text(found));
          assert.match(text(found), says);
          // Told from what the kernel has as from the file.
          assert.match(text(found), does ? /not recorded/ : new RegExp(`^${RULES}/50-test`, "m"));
        },
      );
    }

    await t.step("a rule before it that says never, and auditing that is off", async () => {
      const rule = `-a always,exit -F arch=b64 -S connect -F path=${socket} -k ${KEY}`;
      await rulesAre(`-D\n-a never,exit -F arch=b64 -S connect\n${rule}\n`);
      await load();
      assert.equal(await records(), false);
      assert.match(text(await look()), /never,exit/);
    });

    await t.step("what doctor says to type records, and is fine", async () => {
      await rulesAre(`-D\n-w ${socket} -p rwa -k ${KEY}\n`);
      await load();
      const [finding] = await look();
      await typed(finding!, through);
      assert.equal(await records("docker_socket"), true);
      const after = await look();
      assert.deepEqual(levels(after), ["fine"], text(after));

      await auditctl("-D");
      assert.equal(await records("docker_socket"), false);
      const [gone] = await look();
      assert.match(gone!.title, /written and not loaded/);
      assert.deepEqual(gone!.fix, ["augenrules --load"]);
      await typed(gone!, through);
      assert.equal(await records("docker_socket"), true);
      assert.deepEqual(levels(await look()), ["fine"]);

      await rulesAre("-D\n");
      const [lasting] = await look();
      assert.equal(lasting?.level, "advice");
      assert.match(lasting.title, /until the next boot/);
      await auditctl("-e", "0");
      await typed(lasting, through);
      const [off] = await look();
      assert.match(off!.title, /switched off in the kernel/);
      await typed({ ...off!, fix: off!.fix.filter((line) => !line.startsWith("systemctl")) });
      assert.equal(await records("docker_socket"), true);
      assert.deepEqual(levels(await look()), ["fine"]);
    });
    listener.close();
    await served;
  },
});
