export { missingForCertificates } from "./certificates.ts";

/** A certificate and its key, in PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is to say. */
export interface Wish {
  /** As `openssl req -subj` has it. */
  readonly subject: string;
  /** Lines of an extensions file (x509v3_config(5)). */
  readonly extensions?: string;
  /** Days that it is good for; less than 0: it has ended. */
  readonly days?: number;
  /** Seconds from now that it is good for, instead of `days`; needs `by`. */
  readonly seconds?: number;
  /** Who signs it; itself otherwise. */
  readonly by?: Issued;
  /** As `openssl req -newkey … -pkeyopt …` has it. */
  readonly key?: readonly string[];
}

const P256 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

/** Makes a certificate. Throws what openssl says. */
export async function issue(
  { subject, extensions = "basicConstraints=CA:false", days = 2, seconds, by, key = P256 }: Wish,
): Promise<Issued> {
  const folder = await Deno.makeTempDir({ prefix: "postern-certificate-" });
  try {
    const file = (name: string) => `${folder}/${name}`;
    await Deno.writeTextFile(file("extensions"), extensions);
    await openssl(folder, [
      ...["req", ...key, "-nodes", "-utf8", "-subj", subject, "-multivalue-rdn"],
      ...["-keyout", "key.pem", "-out", "request"],
    ]);
    if (by !== undefined) {
      await Deno.writeTextFile(file("ca.pem"), by.cert);
      await Deno.writeTextFile(file("ca.key"), by.key);
    }
    if (seconds !== undefined) await sign(folder, seconds);
    else {await openssl(folder, [
        ...["x509", "-req", "-in", "request", "-days", `${days}`, "-extfile", "extensions"],
        ...(by === undefined
          ? ["-signkey", "key.pem"]
          : ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]),
        ...["-out", "cert.pem"],
      ]);}
    return {
      cert: await Deno.readTextFile(file("cert.pem")),
      key: await Deno.readTextFile(file("key.pem")),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** As an authority that keeps books, since only for that one a time can be said to the second. */
async function sign(folder: string, seconds: number): Promise<void> {
  const config = [
    "[ca]\ndefault_ca=books",
    "[books]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\ndefault_days=1",
    "[any]\ncommonName=supplied\n",
  ];
  await Deno.writeTextFile(`${folder}/books`, config.join("\n"));
  await Deno.writeTextFile(`${folder}/index`, "");
  await Deno.writeTextFile(`${folder}/serial`, "01\n");
  const end = new Date(Date.now() + seconds * 1000).toISOString().replace(/[-:T]|\..*/g, "");
  await openssl(folder, [
    ...["ca", "-batch", "-notext", "-config", "books", "-cert", "ca.pem", "-keyfile", "ca.key"],
    ...["-enddate", `${end}Z`, "-extfile", "extensions", "-in", "request", "-out", "cert.pem"],
  ]);
}

/** An authority, a server for 127.0.0.1 and a client `ci-runner` of it. */
export async function issueAll(): Promise<{ ca: Issued; server: Issued; client: Issued }> {
  const ca = await issue({ subject: "/CN=ca", extensions: "basicConstraints=critical,CA:true" });
  const [server, client] = await Promise.all([
    issue({
      subject: "/CN=gate",
      extensions: "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth",
      by: ca,
    }),
    issue({ subject: "/CN=ci-runner", extensions: "extendedKeyUsage=clientAuth", by: ca }),
  ]);
  return { ca, server, client };
}

/** Runs openssl in a folder; what it prints. */
export async function openssl(cwd: string, args: string[], stdin?: string): Promise<string> {
  const command = new Deno.Command("openssl", {
    ...{ args, cwd, stdout: "piped", stderr: "piped" },
    stdin: stdin === undefined ? "null" : "piped",
  });
  const process = command.spawn();
  if (stdin !== undefined) {
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const { success, stdout, stderr } = await process.output();
  if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
