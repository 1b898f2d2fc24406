import { freePort } from "../support/free_port.ts";
import { issueAll, missingForCertificates } from "../support/tls_certificates.ts";
import type { TlsWay } from "./client.ts";

/** A listener with TLS, the files that it needs, and what its clients need; undefined where no certificates can be made. */
export async function tlsWay(): Promise<
  TlsWay & { readonly listener: unknown; readonly files: Record<string, string> } | undefined
> {
  if (missingForCertificates !== undefined) return undefined;
  const { ca, server, client } = await issueAll();
  const port = freePort();
  return {
    ...client,
    ca: ca.cert,
    port,
    listener: {
      name: "tls",
      listen: `tcp://127.0.0.1:${port}`,
      policy: "soak",
      tls: { cert: "DIR/server.pem", key: "DIR/server.key", client_ca: "DIR/ca.pem" },
    },
    files: { "server.pem": server.cert, "server.key": server.key, "ca.pem": ca.cert },
  };
}
