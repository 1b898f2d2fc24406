import { output } from "./process.ts";

/** Debian's packages for the peers and the load; each is known by a program of its own. */
const packages: Readonly<Record<string, string>> = {
  haproxy: "/usr/sbin/haproxy",
  nginx: "/usr/sbin/nginx",
  "nghttp2-client": "/usr/bin/h2load",
  socat: "/usr/bin/socat",
  systemd: "/lib/systemd/systemd-socket-proxyd",
};

/** The packages that are not installed. */
export function missingPackages(): string[] {
  return Object.keys(packages).filter((name) => !isFile(packages[name]!));
}

/** Each with its version, as dpkg knows them. */
export async function packageVersions(): Promise<string> {
  const format = "--showformat=${Package} ${Version}\\n";
  const text = await output("/usr/bin/dpkg-query", ["-W", format, ...Object.keys(packages)]);
  return text.trim().split("\n").join(", ");
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
