// libssl brings libcrypto along, and dlsym(3) finds the symbols of both through it. Names are those of OpenSSL 3.0, which every
// later 3.x keeps (ABI libssl.so.3). What is a macro in <openssl/ssl.h> is the call behind it here.
const interfaces = {
  ASN1_STRING_get0_data: { parameters: ["pointer"], result: "pointer" },
  ASN1_STRING_length: { parameters: ["pointer"], result: "i32" },
  ASN1_STRING_to_UTF8: { parameters: ["buffer", "pointer"], result: "i32" },
  ASN1_TIME_to_tm: { parameters: ["pointer", "buffer"], result: "i32" },
  BIO_free: { parameters: ["pointer"], result: "i32" },
  BIO_new: { parameters: ["pointer"], result: "pointer" },
  BIO_new_mem_buf: { parameters: ["buffer", "i32"], result: "pointer" },
  BIO_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  BIO_s_mem: { parameters: [], result: "pointer" },
  BIO_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  CRYPTO_free: { parameters: ["pointer", "pointer", "i32"], result: "void" },
  ERR_clear_error: { parameters: [], result: "void" },
  ERR_error_string_n: { parameters: ["u64", "buffer", "usize"], result: "void" },
  ERR_get_error: { parameters: [], result: "u64" },
  ERR_reason_error_string: { parameters: ["u64"], result: "pointer" },
  EVP_PKEY_free: { parameters: ["pointer"], result: "void" },
  EVP_sha256: { parameters: [], result: "pointer" },
  GENERAL_NAMES_free: { parameters: ["pointer"], result: "void" },
  GENERAL_NAME_get0_value: { parameters: ["pointer", "buffer"], result: "pointer" },
  OPENSSL_init_crypto: { parameters: ["u64", "pointer"], result: "i32" },
  OPENSSL_init_ssl: { parameters: ["u64", "pointer"], result: "i32" },
  OPENSSL_sk_num: { parameters: ["pointer"], result: "i32" },
  OPENSSL_sk_value: { parameters: ["pointer", "i32"], result: "pointer" },
  PEM_read_bio_PrivateKey: {
    parameters: ["pointer", "pointer", "pointer", "buffer"],
    result: "pointer",
  },
  PEM_read_bio_X509: {
    parameters: ["pointer", "pointer", "pointer", "buffer"],
    result: "pointer",
  },
  SSL_CTX_add_client_CA: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_CTX_ctrl: { parameters: ["pointer", "i32", "i64", "pointer"], result: "i64" },
  SSL_CTX_free: { parameters: ["pointer"], result: "void" },
  SSL_CTX_get_cert_store: { parameters: ["pointer"], result: "pointer" },
  SSL_CTX_new: { parameters: ["pointer"], result: "pointer" },
  SSL_CTX_set_num_tickets: { parameters: ["pointer", "usize"], result: "i32" },
  SSL_CTX_set_options: { parameters: ["pointer", "u64"], result: "u64" },
  SSL_CTX_set_verify: { parameters: ["pointer", "i32", "pointer"], result: "void" },
  SSL_CTX_set_verify_depth: { parameters: ["pointer", "i32"], result: "void" },
  SSL_CTX_use_PrivateKey: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_CTX_use_certificate: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_do_handshake: { parameters: ["pointer"], result: "i32" },
  SSL_free: { parameters: ["pointer"], result: "void" },
  SSL_get0_verified_chain: { parameters: ["pointer"], result: "pointer" },
  SSL_get1_peer_certificate: { parameters: ["pointer"], result: "pointer" },
  SSL_get_error: { parameters: ["pointer", "i32"], result: "i32" },
  SSL_get_verify_result: { parameters: ["pointer"], result: "i64" },
  SSL_is_init_finished: { parameters: ["pointer"], result: "i32" },
  SSL_new: { parameters: ["pointer"], result: "pointer" },
  SSL_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  SSL_set_accept_state: { parameters: ["pointer"], result: "void" },
  SSL_set_bio: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  SSL_shutdown: { parameters: ["pointer"], result: "i32" },
  SSL_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  TLS_server_method: { parameters: [], result: "pointer" },
  X509_NAME_ENTRY_get_data: { parameters: ["pointer"], result: "pointer" },
  X509_NAME_get_entry: { parameters: ["pointer", "i32"], result: "pointer" },
  X509_NAME_get_index_by_NID: { parameters: ["pointer", "i32", "i32"], result: "i32" },
  X509_STORE_add_cert: { parameters: ["pointer", "pointer"], result: "i32" },
  X509_STORE_set_flags: { parameters: ["pointer", "u64"], result: "i32" },
  X509_digest: { parameters: ["pointer", "pointer", "buffer", "buffer"], result: "i32" },
  X509_free: { parameters: ["pointer"], result: "void" },
  X509_get0_notAfter: { parameters: ["pointer"], result: "pointer" },
  X509_get_ext_d2i: { parameters: ["pointer", "i32", "buffer", "pointer"], result: "pointer" },
  X509_get_subject_name: { parameters: ["pointer"], result: "pointer" },
  X509_verify_cert_error_string: { parameters: ["i64"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** OpenSSL's calls; what they do and return is in their man pages, section 3ssl. */
export type OpenSsl = Deno.DynamicLibrary<typeof interfaces>["symbols"];

/** What hinders TLS: a library that is not there, or a file that is not what it should be. */
export class TlsError extends Error {
  override readonly name = "TlsError";
}

const LIBRARY = "libssl.so.3";
/** OPENSSL_INIT_NO_ATEXIT: workers may be in the midst of a call when the process ends. */
const NO_ATEXIT = 0x80000n;

let opened: OpenSsl | undefined;

/**
 * The library, opened by who needs it first: a gate without TLS runs without it. Throws a TlsError that names the package when it
 * is not there, or older than 3.0.
 */
export function openssl(library = LIBRARY): OpenSsl {
  if (opened !== undefined) return opened;
  let symbols: OpenSsl;
  try {
    symbols = Deno.dlopen(library, interfaces).symbols;
  } catch (error) {
    const { message } = error as Error;
    throw new TlsError(
      `TLS needs OpenSSL 3 (${library}): install libssl3 (Debian, Ubuntu, Alpine) or openssl-libs (Fedora): ${message}`,
    );
  }
  if (
    symbols.OPENSSL_init_crypto(NO_ATEXIT, null) !== 1 || symbols.OPENSSL_init_ssl(0n, null) !== 1
  ) {
    throw new TlsError(`OpenSSL cannot begin: ${reasons(symbols)}; is openssl.cnf right?`);
  }
  opened = symbols;
  return symbols;
}

/**
 * What the thread's error queue says, oldest first, and empties it; `no reason given` for an empty one. The oldest is where it
 * began (ERR_get_error(3)).
 */
export function reasons(symbols: OpenSsl): string {
  const told: string[] = [];
  for (let code = symbols.ERR_get_error(); code !== 0n; code = symbols.ERR_get_error()) {
    told.push(reason(symbols, code));
  }
  return told.length === 0 ? "no reason given" : [...new Set(told)].join(", ");
}

function reason(symbols: OpenSsl, code: bigint): string {
  const text = symbols.ERR_reason_error_string(code);
  if (text !== null) return Deno.UnsafePointerView.getCString(text);
  const buffer = new Uint8Array(256);
  symbols.ERR_error_string_n(code, buffer, 256n);
  return new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0)));
}
