import { cString } from "./bytes.ts";
import { type OpenSsl, openssl, reasons, TlsError } from "./openssl.ts";

/**
 * PEM texts (RFC 7468), plain data: the main thread reads the files once, while it may, and workers never touch them.
 */
export interface TlsMaterial {
  /** Where each came from, for messages. */
  readonly files: { readonly cert: string; readonly key: string; readonly clientCa: string };
  /** The server's own certificate, then those between it and its authority. */
  readonly cert: Uint8Array<ArrayBuffer>;
  /** Its private key, not encrypted. */
  readonly key: Uint8Array<ArrayBuffer>;
  /** Whose clients may come: one or more certificates. */
  readonly clientCa: Uint8Array<ArrayBuffer>;
}

// <openssl/ssl.h>, <openssl/x509_vfy.h>
const CTRL_MODE = 33;
const CTRL_SET_SESS_CACHE_MODE = 44;
const CTRL_CHAIN_CERT = 89;
const CTRL_SET_MIN_PROTO_VERSION = 123;
const CTRL_SET_MAX_PROTO_VERSION = 124;
const TLS1_3_VERSION = 0x0304n;
const MODE_NO_AUTO_CHAIN = 0x8n;
const MODE_RELEASE_BUFFERS = 0x10n;
const SESS_CACHE_OFF = 0n;
const OP_NO_TICKET = 0x4000n;
const OP_NO_COMPRESSION = 0x20000n;
const OP_NO_RENEGOTIATION = 0x40000000n;
const VERIFY_PEER = 1;
const VERIFY_FAIL_IF_NO_PEER_CERT = 2;
const X509_V_FLAG_PARTIAL_CHAIN = 0x80000n;
/** Certificates between a client's and its authority's: a long chain is work for nothing. */
const MOST_BETWEEN = 8;

const ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4, *ENCRYPTED/m;

/**
 * The server's side of mutual TLS 1.3: what every connection of a listener has in common (SSL_CTX_new(3)). A client needs a
 * certificate that one of `clientCa` has signed and that may be used by clients; it is judged at each connection, since there
 * are no tickets, no sessions to resume and no early data. No protocol is agreed on by ALPN, so that nobody speaks HTTP/2.
 */
export class TlsContext {
  /** What `SSL_new` takes. */
  readonly pointer: Deno.PointerObject;
  readonly #symbols: OpenSsl;
  #closed = false;

  /** Throws a TlsError that says which file is wrong and how, or that there is no OpenSSL. */
  constructor({ files, cert, key, clientCa }: TlsMaterial) {
    const symbols = openssl();
    this.#symbols = symbols;
    symbols.ERR_clear_error();
    const pointer = symbols.SSL_CTX_new(symbols.TLS_server_method());
    if (pointer === null) throw new TlsError(`OpenSSL cannot begin: ${reasons(symbols)}`);
    this.pointer = pointer;
    try {
      this.#restrict();
      this.#trust(files.clientCa, clientCa);
      this.#present(files.cert, cert);
      this.#unlock(files, key);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Connections that run keep what they need of it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#symbols.SSL_CTX_free(this.pointer);
  }

  #restrict(): void {
    const { pointer } = this;
    const symbols = this.#symbols;
    const version = symbols.SSL_CTX_ctrl(pointer, CTRL_SET_MIN_PROTO_VERSION, TLS1_3_VERSION, null);
    const highest = symbols.SSL_CTX_ctrl(pointer, CTRL_SET_MAX_PROTO_VERSION, TLS1_3_VERSION, null);
    if (version !== 1n || highest !== 1n || symbols.SSL_CTX_set_num_tickets(pointer, 0n) !== 1) {
      throw new TlsError(`OpenSSL does not do TLS 1.3 here: ${reasons(symbols)}`);
    }
    symbols.SSL_CTX_ctrl(pointer, CTRL_SET_SESS_CACHE_MODE, SESS_CACHE_OFF, null);
    // The chain that clients are shown is the file's, and not completed from the certificates that clients are held against.
    symbols.SSL_CTX_ctrl(pointer, CTRL_MODE, MODE_NO_AUTO_CHAIN | MODE_RELEASE_BUFFERS, null);
    symbols.SSL_CTX_set_options(pointer, OP_NO_TICKET | OP_NO_COMPRESSION | OP_NO_RENEGOTIATION);
    symbols.SSL_CTX_set_verify(pointer, VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT, null);
    symbols.SSL_CTX_set_verify_depth(pointer, MOST_BETWEEN);
  }

  /** Each of the certificates is trusted for itself, so that one between can be named without all that its root has signed. */
  #trust(file: string, pem: Uint8Array<ArrayBuffer>): void {
    const symbols = this.#symbols;
    const store = symbols.SSL_CTX_get_cert_store(this.pointer);
    symbols.X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    eachCertificate(symbols, file, pem, (certificate) => {
      const added = symbols.X509_STORE_add_cert(store, certificate) === 1 &&
        symbols.SSL_CTX_add_client_CA(this.pointer, certificate) === 1;
      symbols.X509_free(certificate);
      return added;
    });
  }

  #present(file: string, pem: Uint8Array<ArrayBuffer>): void {
    const symbols = this.#symbols;
    eachCertificate(symbols, file, pem, (certificate, index) => {
      if (index > 0) {
        // The context owns it from here on.
        if (symbols.SSL_CTX_ctrl(this.pointer, CTRL_CHAIN_CERT, 0n, certificate) === 1n) {
          return true;
        }
        symbols.X509_free(certificate);
        return false;
      }
      const used = symbols.SSL_CTX_use_certificate(this.pointer, certificate) === 1;
      symbols.X509_free(certificate);
      return used;
    });
  }

  #unlock({ cert, key: file }: TlsMaterial["files"], pem: Uint8Array<ArrayBuffer>): void {
    if (ENCRYPTED.test(new TextDecoder().decode(pem))) {
      throw new TlsError(
        `${file}: the private key is encrypted, and nobody is asked for its passphrase: ` +
          `write it without one (openssl pkey -in ${file} -out NEW), for its owner alone (chmod 600)`,
      );
    }
    const symbols = this.#symbols;
    const bio = reading(symbols, file, pem);
    // With a passphrase given, an empty one, OpenSSL never asks at the terminal (pem_password_cb(3)).
    const key = symbols.PEM_read_bio_PrivateKey(bio, null, null, cString(""));
    symbols.BIO_free(bio);
    if (key === null) {
      throw new TlsError(`${file}: no private key in PEM can be read: ${reasons(symbols)}`);
    }
    const used = symbols.SSL_CTX_use_PrivateKey(this.pointer, key) === 1;
    symbols.EVP_PKEY_free(key);
    if (!used) {
      throw new TlsError(`${file}: not the key of the certificate in ${cert}: ${reasons(symbols)}`);
    }
  }
}

/** A BIO that reads bytes where they are (BIO_s_mem(3)): they have to live as long. */
function reading(
  symbols: OpenSsl,
  file: string,
  { buffer, byteOffset, length }: Uint8Array<ArrayBuffer>,
): Deno.PointerObject {
  symbols.ERR_clear_error();
  // Once its buffer was asked for, V8 does not move an array any more.
  const bio = length === 0
    ? null
    : symbols.BIO_new_mem_buf(new Uint8Array(buffer, byteOffset, length), length);
  if (bio === null) throw new TlsError(`${file}: there is nothing in it`);
  return bio;
}

/**
 * Hands over every certificate of a PEM text, to be freed by who gets it, in order. Throws a TlsError where there is none, where
 * one is broken, and where `take` answers false.
 */
function eachCertificate(
  symbols: OpenSsl,
  file: string,
  pem: Uint8Array<ArrayBuffer>,
  take: (certificate: Deno.PointerObject, index: number) => boolean,
): void {
  // Other things may stand in the file, a private key among them: they are passed over (PEM_read_bio_X509(3)).
  const wanted = new TextDecoder().decode(pem).match(/^-----BEGIN (X509 )?CERTIFICATE-----/gm);
  if (wanted === null) throw new TlsError(`${file}: there is no certificate in PEM in it`);
  const bio = reading(symbols, file, pem);
  try {
    for (let index = 0; index < wanted.length; index++) {
      symbols.ERR_clear_error();
      const certificate = symbols.PEM_read_bio_X509(bio, null, null, cString(""));
      if (certificate === null || !take(certificate, index)) {
        const which = wanted.length === 1 ? "the certificate" : `certificate ${index + 1}`;
        throw new TlsError(`${file}: ${which} cannot be used: ${reasons(symbols)}`);
      }
    }
  } finally {
    symbols.BIO_free(bio);
  }
}
