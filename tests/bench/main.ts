// The task `bench`: Postern beside its peers in one run.
import { missingForEngine } from "../support/private_engine.ts";
import { renderChart } from "./chart.ts";
import { measure } from "./measure.ts";
import { type Options, parse, usage } from "./options.ts";
import { missingPackages } from "./packages.ts";
import { renderReport } from "./report.ts";
import type { Results } from "./results.ts";
import { workloads } from "./workloads/all.ts";

Deno.exitCode = await run(Deno.args);

async function run(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parse(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const missing = missingPackages();
  if (options.install || missing.length > 0) {
    tellMissing(missing);
    return options.install ? 0 : 1;
  }
  return await bench(options);
}

function tellMissing(missing: readonly string[]): void {
  const command = `apt-get install --no-install-recommends ${missing.join(" ")}`;
  console.log(missing.length === 0 ? "Nothing is missing." : `Missing; install with: ${command}`);
  const absent = missingForEngine();
  if (absent !== undefined) console.log(`A real dockerd will be left out: ${absent}`);
}

/** A signal ends it, in order, before the next sample. */
async function bench(options: Options): Promise<number> {
  const { rounds, scale, wanted } = options;
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => controller.abort(signal));
  }
  const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pb-" });
  try {
    const results = await measure((name) => wanted.includes(name), {
      ...{ rounds, scale, directory, signal: controller.signal },
      progress: (text) => console.error(`bench: ${text}`),
    });
    await write(results, options.out);
    return 0;
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    console.error(`bench: ended by ${controller.signal.reason}`);
    return 1;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function write(results: Results, out: string): Promise<void> {
  const report = renderReport(results, workloads);
  await Deno.mkdir(out, { recursive: true });
  await Deno.writeTextFile(`${out}/latest.json`, JSON.stringify(results, null, 1) + "\n");
  await Deno.writeTextFile(`${out}/latest.md`, report);
  await Deno.writeTextFile(`${out}/chart.svg`, renderChart(results, workloads));
  console.log(report);
}
