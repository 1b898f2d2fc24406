// What a listener on TCP, and TLS at it, cost beside a unix socket: `deno run -A tests/bench/tcp.ts [ROUNDS]`. In front of each is the
// same HAProxy as a client, since h2load shows no certificates; so the rates are of both, and the processor time is the gate's alone.
import { makeCertificates } from "../support/certificates.ts";
import { freePort } from "../support/free_port.ts";
import { RunningGate } from "../support/gate.ts";
import { h2load } from "./load/h2load.ts";
import { Child, output } from "./process.ts";
import { metered } from "./target.ts";
import { median } from "./statistics.ts";
import { startNginxEngine } from "./upstream/nginx.ts";
import { listening } from "./waiting.ts";

const ways = ["socket", "tcp", "tls"] as const;
type Way = (typeof ways)[number];
/** One figure of one round. */
interface Sample {
  readonly rate: number;
  /** Microseconds each. */
  readonly cpu: number;
}

const rounds = Number(Deno.args[0] ?? 5);
const GIB = 1 << 30;
const directory = await Deno.makeTempDir({ dir: "/tmp", prefix: "pt-" });
const results = new Map<string, Sample[]>();
try {
  await run();
  report();
} finally {
  await Deno.remove(directory, { recursive: true });
}

async function run(): Promise<void> {
  await makeCertificates(directory, ["server", "ci-runner"]);
  const identity = ["cert", "key"].map((part) =>
    Deno.readTextFileSync(`${directory}/ci-runner/${part}.pem`)
  );
  await Deno.writeTextFile(`${directory}/client.pem`, identity.join(""), { mode: 0o600 });
  const [plain, secure] = [freePort(), freePort()];
  await using _engine = await startNginxEngine(`${directory}/up.sock`, "/nowhere", directory);
  const chunk = new Uint8Array(1 << 20);
  await using _bulk = Deno.serve({ path: `${directory}/bulk.sock`, onListen() {} }, () => {
    let left = GIB / chunk.length;
    const body = new ReadableStream({
      pull: (to) => left-- > 0 ? to.enqueue(chunk) : to.close(),
    });
    return new Response(body, { headers: { "content-length": `${GIB}` } });
  });
  const tls = {
    cert: `${directory}/server/cert.pem`,
    key: `${directory}/server/key.pem`,
    client_ca: `${directory}/ca.pem`,
  };
  const listeners = (upstream: string, suffix: string, ports: number[]) => [
    { socket: `DIR/gate${suffix}.sock`, upstream },
    { listen: `tcp://127.0.0.1:${ports[0]}`, upstream },
    { listen: `tcp://127.0.0.1:${ports[1]}`, upstream, tls },
  ];
  const bulkPorts = [freePort(), freePort()];
  await using gate = await RunningGate.serve({
    listeners: [
      ...listeners(`${directory}/up.sock`, "", [plain, secure]),
      ...listeners(`${directory}/bulk.sock`, "-bulk", bulkPorts),
    ].map((listener) => ({ ...listener, policy: "full" })),
    audit: "off",
  });
  await using _clients = await startClients({
    socket: `unix@${gate.directory}/gate.sock`,
    tcp: `127.0.0.1:${plain}`,
    tls:
      `127.0.0.1:${secure} ssl verify required ca-file ${directory}/ca.pem crt ${directory}/client.pem`,
  });
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) {
      const socket = `${directory}/${way}.sock`;
      const load = (requests: number, connections: number) =>
        metered(
          { socket, pid: gate.pid },
          () => h2load({ socket, requests, connections, path: "/containers/json", expect: "2xx" }),
        );
      note(`GET, 16 kept connections / ${way}`, 40_000, await load(40_000, 16));
      note(`a connection each, 200 at once / ${way}`, 200, await load(200, 200));
      const place = {
        socket: ["--unix-socket", `${gate.directory}/gate-bulk.sock`, "http://docker"],
        tcp: [`http://127.0.0.1:${bulkPorts[0]}`],
        tls: [
          ...["--cert", `${directory}/client.pem`, "--cacert", `${directory}/ca.pem`],
          `https://127.0.0.1:${bulkPorts[1]}`,
        ],
      }[way];
      const begun = performance.now();
      const { cpu } = await metered({ socket, pid: gate.pid }, async () => {
        await output("/usr/bin/curl", [
          ...["-sSf", "-o", "/dev/null", ...place.slice(0, -1)],
          `${place.at(-1)}/images/get?names=x`,
        ]);
        return { failed: 0 };
      });
      const seconds = (performance.now() - begun) / 1000;
      note(`download of 1 GiB, in MiB / ${way}`, 1024, { seconds, failed: 0, cpu: cpu! });
    }
  }
}

/** HAProxy with a socket for each way, relaying bytes. */
async function startClients(servers: Readonly<Record<Way, string>>): Promise<Child> {
  const frontends = ways.map((way) =>
    `listen ${way}\n  bind unix@${directory}/${way}.sock\n  server gate ${servers[way]}\n`
  );
  const file = `${directory}/haproxy.cfg`;
  const times = "  timeout connect 10s\n  timeout client 1m\n  timeout server 1m\n";
  await Deno.writeTextFile(
    file,
    `global\n  nbthread 1\ndefaults\n  mode tcp\n${times}${frontends.join("")}`,
  );
  const child = new Child("/usr/sbin/haproxy", ["-db", "-f", file], {
    log: `${directory}/haproxy.log`,
  });
  await listening(`${directory}/tls.sock`, child);
  return child;
}

function note(
  name: string,
  amount: number,
  { seconds, failed, cpu }: { seconds: number; failed: number; cpu?: number },
): void {
  if (failed > 0) throw new Error(`${name}: ${failed} failed`);
  const samples = results.get(name) ?? [];
  samples.push({ rate: amount / seconds, cpu: cpu! * 1e6 / amount });
  results.set(name, samples);
}

function report(): void {
  console.log("| what | a second | gate's µs each |\n| --- | --- | --- |");
  for (const [name, samples] of [...results].sort(([one], [other]) => one < other ? -1 : 1)) {
    const rate = median(samples.map(({ rate }) => rate));
    const cpu = median(samples.map(({ cpu }) => cpu));
    console.log(`| ${name} | ${rate.toFixed(0)} | ${cpu.toFixed(1)} |`);
  }
}
