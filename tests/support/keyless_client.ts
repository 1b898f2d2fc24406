import { createCipheriv, createHmac } from "node:crypto";
import type { Issued } from "./tls_certificates.ts";

const FILETYPE_PEM = 1;
const HEADER = 5;
const APPLICATION_DATA = 23;
const ALERT = 21;
const CLOSE_NOTIFY = new Uint8Array([1, 0]);

const load = () =>
  Deno.dlopen("libssl.so.3", {
    BIO_new: { parameters: ["pointer"], result: "pointer" },
    BIO_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
    BIO_s_mem: { parameters: [], result: "pointer" },
    BIO_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
    SSL_CTX_free: { parameters: ["pointer"], result: "void" },
    SSL_CTX_new: { parameters: ["pointer"], result: "pointer" },
    SSL_CTX_set_ciphersuites: { parameters: ["pointer", "buffer"], result: "i32" },
    SSL_CTX_set_keylog_callback: { parameters: ["pointer", "function"], result: "void" },
    SSL_CTX_use_PrivateKey_file: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
    SSL_CTX_use_certificate_file: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
    SSL_connect: { parameters: ["pointer"], result: "i32" },
    SSL_free: { parameters: ["pointer"], result: "void" },
    SSL_new: { parameters: ["pointer"], result: "pointer" },
    SSL_set_bio: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
    TLS_client_method: { parameters: [], result: "pointer" },
  }).symbols;

const text = (words: string) => new TextEncoder().encode(words);
const cString = (words: string) => text(`${words}\0`);

/**
 * Shows a certificate to a server as somebody does who has seen it but has no key of it: of the client's last words (RFC 8446 §4.4)
 * only Certificate is sent, and then the end of all (close_notify), properly encrypted, instead of CertificateVerify and Finished.
 */
export async function showWithoutKey(port: number, { cert, key }: Issued): Promise<Deno.Conn> {
  const symbols = load();
  const file = await Deno.makeTempFile();
  let secret = "";
  const callback = new Deno.UnsafeCallback(
    { parameters: ["pointer", "pointer"], result: "void" },
    (_ssl, line) => {
      const words = Deno.UnsafePointerView.getCString(line!).split(" ");
      if (words[0] === "CLIENT_HANDSHAKE_TRAFFIC_SECRET") secret = words[2]!;
    },
  );
  const context = symbols.SSL_CTX_new(symbols.TLS_client_method());
  symbols.SSL_CTX_set_ciphersuites(context, cString("TLS_AES_128_GCM_SHA256"));
  symbols.SSL_CTX_set_keylog_callback(context, callback.pointer);
  await Deno.writeTextFile(file, cert + key);
  symbols.SSL_CTX_use_certificate_file(context, cString(file), FILETYPE_PEM);
  symbols.SSL_CTX_use_PrivateKey_file(context, cString(file), FILETYPE_PEM);
  await Deno.remove(file);
  const ssl = symbols.SSL_new(context);
  const [input, output] = [1, 2].map(() => symbols.BIO_new(symbols.BIO_s_mem()));
  symbols.SSL_set_bio(ssl, input!, output!);
  const buffer = new Uint8Array(65_536);
  const taken = () => buffer.slice(0, Math.max(0, symbols.BIO_read(output!, buffer, 65_536)));
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    while (symbols.SSL_connect(ssl) !== 1) {
      await writeAll(conn, taken());
      const n = await conn.read(buffer);
      if (n === null) throw new Error("The server left during the handshake");
      symbols.BIO_write(input!, buffer, n);
    }
    const said = taken();
    const end = firstEncrypted(said);
    const farewell = seal(Uint8Array.fromHex(secret), 1, CLOSE_NOTIFY, ALERT);
    await writeAll(conn, new Uint8Array([...said.subarray(0, end), ...farewell]));
    return conn;
  } finally {
    symbols.SSL_free(ssl);
    symbols.SSL_CTX_free(context);
    callback.close();
  }
}

/** Where the first encrypted record ends, which is that with Certificate: OpenSSL gives each message one of its own. */
function firstEncrypted(records: Uint8Array): number {
  const view = new DataView(records.buffer, records.byteOffset, records.length);
  for (let at = 0; at < records.length;) {
    const end = at + HEADER + view.getUint16(at + 3);
    if (records[at] === APPLICATION_DATA) {
      if (end >= records.length) throw new Error("The client put all its messages into one record");
      return end;
    }
    at = end;
  }
  throw new Error("The client has said nothing encrypted");
}

/** A record of TLS 1.3 (RFC 8446 §5.2). */
function seal(secret: Uint8Array, sequence: number, content: Uint8Array, type: number): Uint8Array {
  const header = new Uint8Array([APPLICATION_DATA, 3, 3, 0, content.length + 1 + 16]);
  const nonce = expand(secret, "iv", 12);
  nonce[11]! ^= sequence;
  const cipher = createCipheriv("aes-128-gcm", expand(secret, "key", 16), nonce);
  cipher.setAAD(header);
  const sealed = cipher.update(new Uint8Array([...content, type]));
  cipher.final();
  return new Uint8Array([...header, ...sealed, ...cipher.getAuthTag()]);
}

/** HKDF-Expand-Label (RFC 8446 §7.1) of up to 32 bytes. */
function expand(secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = text(`tls13 ${label}`);
  const info = new Uint8Array([0, length, name.length, ...name, 0, 1]);
  return new Uint8Array(createHmac("sha256", secret).update(info).digest().subarray(0, length));
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}
