import type { Memory } from "./memory.ts";
import { type OpenSsl, openssl, reasons, TlsError } from "./openssl.ts";
import { goodUntil, type PeerCertificate, readCertificate } from "./peer_certificate.ts";
import type { TlsContext } from "./tls_context.ts";

/** How a step ended, where it is no number of bytes: the other side has to send more first, … */
export const WANTING = -1;
/** … or it cannot go on; `failure` says why. */
export const BROKEN = -2;

// SSL_get_error(3)
const ERROR_WANT_READ = 2;
const ERROR_ZERO_RETURN = 6;
/** X509_V_OK */
const VERIFIED = 0n;

/**
 * The server's side of one TLS connection, without a socket: what came from the network is given to it by `feed`, and what is to
 * be sent is taken from it by `drain`. So it never works on more than it was given, and never blocks or fails by a system call.
 */
export class TlsSession {
  readonly #symbols: OpenSsl;
  readonly #ssl: Deno.PointerObject;
  readonly #input: Deno.PointerValue;
  readonly #output: Deno.PointerValue;
  #freed = false;
  /** After BROKEN: what OpenSSL says of it. */
  failure = "";

  /** Throws a TlsError when there is no memory. */
  constructor({ pointer }: TlsContext) {
    const symbols = openssl();
    this.#symbols = symbols;
    symbols.ERR_clear_error();
    const ssl = symbols.SSL_new(pointer);
    if (ssl === null) throw new TlsError(`OpenSSL has no room: ${reasons(symbols)}`);
    this.#ssl = ssl;
    this.#input = symbols.BIO_new(symbols.BIO_s_mem());
    this.#output = symbols.BIO_new(symbols.BIO_s_mem());
    if (this.#input === null || this.#output === null) {
      symbols.BIO_free(this.#input);
      symbols.BIO_free(this.#output);
      symbols.SSL_free(ssl);
      throw new TlsError(`OpenSSL has no room: ${reasons(symbols)}`);
    }
    // Both are freed with it from now on.
    symbols.SSL_set_bio(ssl, this.#input, this.#output);
    symbols.SSL_set_accept_state(ssl);
  }

  /** Takes what came from the network, from the memory's first byte on. */
  feed({ bytes }: Memory, length: number): void {
    this.#use();
    if (this.#symbols.BIO_write(this.#input, bytes, length) !== length) {
      throw new TlsError(`OpenSSL has no room: ${reasons(this.#symbols)}`);
    }
  }

  /** What is to be sent, into the memory: its length in bytes, 0 where there is nothing. */
  drain({ bytes }: Memory): number {
    this.#use();
    return Math.max(0, this.#symbols.BIO_read(this.#output, bytes, bytes.length));
  }

  /** 1 when both sides are through, WANTING or BROKEN. Even then there may be something to send. */
  handshake(): number {
    this.#use();
    this.#symbols.ERR_clear_error();
    const result = this.#symbols.SSL_do_handshake(this.#ssl);
    if (result === 1) return 1;
    const outcome = this.#outcome(result);
    if (outcome !== 0) return outcome;
    // An announced end (close_notify) in the place of a message. The certificate may stand already, without proof of its key.
    this.failure = "the client ended the connection during the handshake";
    return BROKEN;
  }

  /** Bytes into the memory from an offset on, 0 at the end that the other side has announced (close_notify), WANTING or BROKEN. */
  read({ bytes }: Memory, offset: number): number {
    this.#use();
    this.#symbols.ERR_clear_error();
    const room = offset === 0 ? bytes : bytes.subarray(offset);
    const result = this.#symbols.SSL_read(this.#ssl, room, room.length);
    return result > 0 ? result : this.#outcome(result);
  }

  /** Encrypts all of it, from the memory's first byte on; false when that cannot be. */
  write({ bytes }: Memory, length: number): boolean {
    this.#use();
    this.#symbols.ERR_clear_error();
    const result = this.#symbols.SSL_write(this.#ssl, bytes, length);
    if (result === length) return true;
    this.#outcome(result);
    return false;
  }

  /** Announces the end of what is sent (close_notify); what the other side sends can still be read (SSL_shutdown(3)). */
  end(): void {
    this.#use();
    this.#symbols.ERR_clear_error();
    this.#symbols.SSL_shutdown(this.#ssl);
    this.#symbols.ERR_clear_error();
  }

  /** Who the other side is; undefined before the handshake is through, and where its certificate cannot be told for sure. */
  peer(): PeerCertificate | undefined {
    this.#use();
    if (this.#symbols.SSL_is_init_finished(this.#ssl) !== 1) return undefined;
    const certificate = this.#symbols.SSL_get1_peer_certificate(this.#ssl);
    if (certificate === null) return undefined;
    try {
      if (this.#symbols.SSL_get_verify_result(this.#ssl) !== VERIFIED) return undefined;
      return readCertificate(certificate);
    } finally {
      this.#symbols.X509_free(certificate);
    }
  }

  /** Until when the other side's certificate and all above it are good, in milliseconds since 1970; 0 where that cannot be told. */
  goodUntil(): number {
    this.#use();
    const chain = this.#symbols.SSL_get0_verified_chain(this.#ssl);
    const count = chain === null ? 0 : this.#symbols.OPENSSL_sk_num(chain);
    let until = count > 0 ? Infinity : 0;
    for (let i = 0; i < count; i++) {
      until = Math.min(until, goodUntil(this.#symbols.OPENSSL_sk_value(chain, i)) ?? 0);
    }
    return until;
  }

  /** Once or more; nothing else may be called afterwards. */
  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#symbols.SSL_free(this.#ssl);
  }

  /** To go on with what is freed would be to write into memory that is somebody else's. */
  #use(): void {
    if (this.#freed) throw new TypeError("Cannot use a TLS session that is freed");
  }

  #outcome(result: number): number {
    const error = this.#symbols.SSL_get_error(this.#ssl, result);
    if (error === ERROR_WANT_READ) return WANTING;
    if (error === ERROR_ZERO_RETURN) return 0;
    this.failure = reasons(this.#symbols);
    const verified = this.#symbols.SSL_get_verify_result(this.#ssl);
    const why = verified === VERIFIED
      ? null
      : this.#symbols.X509_verify_cert_error_string(verified);
    if (why !== null) this.failure += `: ${Deno.UnsafePointerView.getCString(why)}`;
    return BROKEN;
  }
}
