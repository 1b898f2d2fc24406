import { type OpenSsl, openssl } from "./openssl.ts";

/** Who a client's certificate says that it is, once its signatures are found good. */
export interface PeerCertificate {
  /** Of the subject. Absent where there is none, and where there are several: programs differ in which of them counts. */
  readonly commonName?: string;
  /** dNSName of the subject's alternative names, as they are written (RFC 5280 §4.2.1.6). */
  readonly dns: readonly string[];
  /** uniformResourceIdentifier of them; of SPIFFE, for example. */
  readonly uris: readonly string[];
  /** rfc822Name of them. */
  readonly emails: readonly string[];
  /** SHA-256 of the whole certificate (DER), 64 lower-case hexadecimal digits. */
  readonly fingerprint: string;
}

// <openssl/obj_mac.h>, <openssl/x509v3.h>
const NID_COMMON_NAME = 13;
const NID_SUBJECT_ALT_NAME = 85;
const GEN_EMAIL = 1;
const GEN_DNS = 2;
const GEN_URI = 6;
/** What `crit` is when there is no such extension (X509_get_ext_d2i(3)). */
const NOT_FOUND = -1;
/** Names that one certificate may have: more are not looked through at each connection. */
const MOST_NAMES = 256;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads an X509, which stays the caller's. OpenSSL takes it apart, never its printed form, in which one name can look like two
 * (CVE-2021-44532). Undefined where a name cannot be told for sure: control characters and NULs in it, letters where only ASCII may
 * stand, an extension that is there twice or broken, more than 256 names.
 */
export function readCertificate(certificate: Deno.PointerObject): PeerCertificate | undefined {
  const symbols = openssl();
  symbols.ERR_clear_error();
  const commonName = readCommonName(symbols, certificate);
  const alternative = readAlternativeNames(symbols, certificate);
  const fingerprint = digest(symbols, certificate);
  symbols.ERR_clear_error();
  if (commonName === undefined || alternative === undefined || fingerprint === undefined) {
    return undefined;
  }
  return { ...commonName, ...alternative, fingerprint };
}

/** Until when an X509 is good, in milliseconds since 1970; undefined where that cannot be told. */
export function goodUntil(certificate: Deno.PointerValue): number | undefined {
  const symbols = openssl();
  // struct tm: seconds, minutes, hours, day of the month, months since January, years since 1900 (<time.h>).
  const tm = new Int32Array(16);
  const bytes = new Uint8Array(tm.buffer);
  const time = certificate === null ? null : symbols.X509_get0_notAfter(certificate);
  if (symbols.ASN1_TIME_to_tm(time, bytes) !== 1 || time === null) return undefined;
  const [seconds, minutes, hours, day, month, years] = tm;
  return Date.UTC(1900 + years!, month!, day!, hours!, minutes!, seconds!);
}

function digest(symbols: OpenSsl, certificate: Deno.PointerObject): string | undefined {
  const sum = new Uint8Array(32);
  const length = new Uint8Array(4);
  if (symbols.X509_digest(certificate, symbols.EVP_sha256(), sum, length) !== 1) return undefined;
  return sum.toHex();
}

function readCommonName(
  symbols: OpenSsl,
  certificate: Deno.PointerObject,
): { readonly commonName?: string } | undefined {
  const subject = symbols.X509_get_subject_name(certificate);
  const first = symbols.X509_NAME_get_index_by_NID(subject, NID_COMMON_NAME, -1);
  if (first < 0) return {};
  if (symbols.X509_NAME_get_index_by_NID(subject, NID_COMMON_NAME, first) >= 0) return {};
  const value = symbols.X509_NAME_ENTRY_get_data(symbols.X509_NAME_get_entry(subject, first));
  // The string's own kind, such as UTF-16 (BMPString), becomes UTF-8 in memory that is the caller's (ASN1_STRING_to_UTF8(3)).
  const place = new BigUint64Array(1);
  const length = symbols.ASN1_STRING_to_UTF8(new Uint8Array(place.buffer), value);
  const text = Deno.UnsafePointer.create(place[0]!);
  if (length < 0) return undefined;
  const commonName = clean(text, length, /^\P{C}*$/u);
  symbols.CRYPTO_free(text, null, 0);
  if (commonName === undefined) return undefined;
  return commonName === "" ? {} : { commonName };
}

function readAlternativeNames(
  symbols: OpenSsl,
  certificate: Deno.PointerObject,
): Pick<PeerCertificate, "dns" | "uris" | "emails"> | undefined {
  const found = { dns: [] as string[], uris: [] as string[], emails: [] as string[] };
  const critical = new Int32Array(1);
  const bytes = new Uint8Array(critical.buffer);
  const names = symbols.X509_get_ext_d2i(certificate, NID_SUBJECT_ALT_NAME, bytes, null);
  if (names === null) return critical[0] === NOT_FOUND ? found : undefined;
  try {
    const count = symbols.OPENSSL_sk_num(names);
    if (count > MOST_NAMES) return undefined;
    const kind = new Int32Array(1);
    const kindBytes = new Uint8Array(kind.buffer);
    for (let i = 0; i < count; i++) {
      const value = symbols.GENERAL_NAME_get0_value(symbols.OPENSSL_sk_value(names, i), kindBytes);
      const list = listOf(found, kind[0]!);
      if (list === undefined) continue;
      const length = symbols.ASN1_STRING_length(value);
      const name = clean(symbols.ASN1_STRING_get0_data(value), length, /^[!-~]+$/);
      if (name === undefined) return undefined;
      list.push(name);
    }
    return found;
  } finally {
    symbols.GENERAL_NAMES_free(names);
  }
}

function listOf(
  { dns, uris, emails }: { dns: string[]; uris: string[]; emails: string[] },
  kind: number,
): string[] | undefined {
  if (kind === GEN_DNS) return dns;
  if (kind === GEN_URI) return uris;
  return kind === GEN_EMAIL ? emails : undefined;
}

/** A string of so many bytes, when all of it is UTF-8 and of the form. */
function clean(at: Deno.PointerValue, length: number, form: RegExp): string | undefined {
  const bytes = at === null || length === 0
    ? new Uint8Array()
    : new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(at, length)).slice();
  try {
    const text = utf8.decode(bytes);
    return form.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
