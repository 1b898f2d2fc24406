// The task `test`: runs everything under tests/, with a private Docker Engine where one can be started, and ends with
// `N passed, N failed, N skipped`. Arguments are passed on to `deno test`.
import { missingForEngine, startPrivateEngine } from "./support/private_engine.ts";

const wanted = Deno.env.get("POSTERN_TEST_ENGINE") ?? "auto";
const missing = wanted === "0" ? "POSTERN_TEST_ENGINE=0 turns them off" : missingForEngine();
if (wanted === "1" && missing !== undefined) {
  console.error(`The engine tests were asked for (POSTERN_TEST_ENGINE=1), but ${missing}`);
  Deno.exit(1);
}

await using engine = missing === undefined ? await startPrivateEngine() : undefined;
const report = await Deno.makeTempFile({ suffix: ".xml" });
const args = Deno.args.length > 0 ? Deno.args : ["tests/"];
const child = new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", `--junit-path=${report}`, ...args],
  env: engine === undefined ? { POSTERN_ENGINE_MISSING: missing! } : {
    POSTERN_ENGINE_SOCKET: engine.socket,
    POSTERN_ENGINE_MISSING: "",
  },
}).spawn();
const interrupt = () => child.kill("SIGINT");
Deno.addSignalListener("SIGINT", interrupt);
Deno.addSignalListener("SIGTERM", interrupt);
const { success } = await child.status;

const xml = await Deno.readTextFile(report).catch(() => "");
await Deno.remove(report);
const totals = /<testsuites [^>]*tests="(\d+)" failures="(\d+)" errors="(\d+)"/.exec(xml);
const cases = Number(totals?.[1] ?? 0);
const failed = Number(totals?.[2] ?? 0) + Number(totals?.[3] ?? 0);
const skipped = xml.match(/<skipped/g)?.length ?? 0;
if (skipped > 0) console.log(`${skipped} tests were skipped: ${missing ?? "see their names"}`);
// A test that leaks or a module that does not load fails the run without being counted as a case.
const uncounted = !success && failed === 0 ? 1 : 0;
console.log(`${cases - failed - skipped} passed, ${failed + uncounted} failed, ${skipped} skipped`);
Deno.exitCode = success && cases > 0 ? 0 : 1;
