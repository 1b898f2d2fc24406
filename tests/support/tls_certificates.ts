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
  /** Who signs it; itself otherwise. */
  readonly by?: Issued;
  /** As `openssl req -newkey … -pkeyopt …` has it. */
  readonly key?: readonly string[];
}

const P256 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

/** Makes a certificate. Throws what openssl says. */
export async function issue(
  { subject, extensions = "basicConstraints=CA:false", days = 2, by, key = P256 }: Wish,
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
    await openssl(folder, [
      ...["x509", "-req", "-in", "request", "-days", `${days}`, "-extfile", "extensions"],
      ...(by === undefined
        ? ["-signkey", "key.pem"]
        : ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]),
      ...["-out", "cert.pem"],
    ]);
    return {
      cert: await Deno.readTextFile(file("cert.pem")),
      key: await Deno.readTextFile(file("key.pem")),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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
