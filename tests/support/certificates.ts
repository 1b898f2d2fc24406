import { which } from "./private_engine.ts";

/** Why no certificates can be made here, or undefined. */
export const missingForCertificates: string | undefined = which("openssl") === undefined
  ? "openssl not found (apt-get install openssl)"
  : undefined;

/**
 * Makes a folder for each name, with `ca.pem`, `cert.pem` and `key.pem` as docker looks for them in DOCKER_CERT_PATH. They are good
 * for 127.0.0.1 on both sides, and for two days.
 */
export async function makeCertificates(folder: string, names: readonly string[]): Promise<void> {
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(folder, [
    ...["req", "-x509", ...fresh, "-days", "2", "-subj", "/CN=ca"],
    ...["-keyout", "ca.key", "-out", "ca.pem"],
  ]);
  const extensions = "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n";
  await Deno.writeTextFile(`${folder}/extensions`, extensions);
  for (const name of names) {
    await Deno.mkdir(`${folder}/${name}`);
    await Deno.copyFile(`${folder}/ca.pem`, `${folder}/${name}/ca.pem`);
    await openssl(folder, [
      ...["req", ...fresh, "-subj", `/CN=${name}`],
      ...["-keyout", `${name}/key.pem`, "-out", `${name}/request`],
    ]);
    await openssl(folder, [
      ...["x509", "-req", "-in", `${name}/request`, "-CA", "ca.pem", "-CAkey", "ca.key"],
      ...["-CAcreateserial", "-days", "2", "-extfile", "extensions", "-out", `${name}/cert.pem`],
    ]);
  }
}

async function openssl(cwd: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args, cwd }).output();
  if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}
