import * as z from "zod/mini";
import { MAX_ID } from "./ids.ts";

// A schema is used once or twice in a process: to compile it would take longer than it saves.
z.config({ jitless: true });

// Every `error` ends the sentence "<key> must be …"; what a value means is checked where it is resolved.

/** A key that must be there, and what the documentation says about it. */
export const required = <T extends z.ZodMiniType>(value: T, description: string): T => {
  z.globalRegistry.add(value, { ...z.globalRegistry.get(value), description });
  return value;
};
/** The same of one that can be left out. */
export const optional = <T extends z.ZodMiniType>(value: T, description: string) =>
  z.optional(required(value, description));

/** For text and lists. By itself, zod asks all that has a length for it, be it a map with a key of that name. */
export function notEmpty(error: string) {
  const check = z.minLength(1, { error });
  check._zod.def.when = ({ value }) => typeof value === "string" || Array.isArray(value);
  return check;
}
/** Text that is not empty. */
export const text = (error: string) => z.string({ error }).check(notEmpty(error));
/** A whole number. */
export const integer = (first: number, last: number) => {
  const error = `a whole number from ${first} to ${last}`;
  return z.int({ error }).check(z.minimum(first, { error }), z.maximum(last, { error }));
};
const list = <T extends z.ZodMiniType>(item: T, error: string) => z.array(item, { error });
/** One value, or a list of them. */
export const oneOrMore = <T extends z.ZodMiniType>(item: T, error: string) =>
  z.union([item, z.array(item, { error }).check(notEmpty(error))], { error });

const duration = () =>
  z.union([z.number(), text("a time")], { error: "a time like 90s or 5m, or a number of seconds" });
const size = () =>
  z.union([z.number(), text("a size")], { error: "a size like 10MiB or a number of bytes" });
const policyName = () => text("the name of a policy");
const socketPath = () => text("the absolute path of a unix socket");
const id = () =>
  z.union([integer(0, MAX_ID), text("a range")], {
    error: "a number like 1000 or a range like 2000-2999",
  });
const ids = () => oneOrMore(id(), "a number like 1000, a range like 2000-2999, or a list of them");
const account = (what: string) =>
  z.union([text("its name"), integer(0, MAX_ID)], { error: `a ${what}'s name or number` });
const accounts = (what: string) =>
  oneOrMore(account(what), `a ${what}'s name or number, or a list of them`);
const names = (what: string) =>
  oneOrMore(text(`the name of a ${what}`), `the name of a ${what}, or a list of names`);

const addresses = () => {
  const error = "an address like 172.18.0.4, a range like 172.18.0.0/16, or a list of them";
  return oneOrMore(text("an address"), error);
};

const tlsSchema = z.strictObject({
  cert: required(text("the path of a file"), "Postern's certificate and its chain, PEM."),
  key: required(text("the path of a file"), "Its key, PEM; not readable by others."),
  client_ca: required(
    text("the path of a file"),
    "Who signs the certificates of clients, PEM; a client without one gets nowhere.",
  ),
}, { error: "a map with cert, key and client_ca" });

const conditions = {
  uid: optional(ids(), "Effective user id of the client, as the kernel reports it."),
  user: optional(accounts("user"), "The same by user name."),
  gid: optional(ids(), "Primary or supplementary group id of the client."),
  group: optional(accounts("group"), "The same by group name."),
  listener: optional(names("listener"), "Listeners that the client may have connected to."),
  address: optional(
    addresses(),
    "Where a connection over TCP comes from: addresses, or ranges of them.",
  ),
  cert: optional(
    oneOrMore(text("a name"), "a name in the client's certificate, or a list of names"),
    "Names in the client's certificate: its common name, or a subject alternative name (DNS, URI, e-mail); exactly as written.",
  ),
  container: optional(
    names("container"),
    "Containers that a connection over TCP comes from, by name or full id, as the engine knows their addresses.",
  ),
  label: optional(
    oneOrMore(text("key=value"), "a label like key=value, or a list of them"),
    "Labels of that container, one of which it must have.",
  ),
};

const listenerSchema = z.strictObject({
  socket: optional(socketPath(), "Absolute path of the intercept socket."),
  listen: optional(
    text("an address and a port like tcp://127.0.0.1:2375"),
    "Address and port instead of a socket: tcp://127.0.0.1:2375 or tcp://[::1]:2375.",
  ),
  tls: optional(
    tlsSchema,
    "Mutual TLS 1.3, for listen; needed on addresses that are not loopback.",
  ),
  insecure: optional(
    z.boolean({ error: "true or false" }),
    "Whether everybody who reaches an address that is not loopback is let in without TLS; false by default.",
  ),
  name: optional(
    text("a word like ci"),
    "Name in rules and records; the socket file's stem by default.",
  ),
  mode: optional(
    z.union([z.number(), text("a mode")], {
      error: "octal like 0660 or symbolic like u=rw,g=rw",
    }),
    "Permissions of the socket, octal whether quoted or not; 0600 by default.",
  ),
  user: optional(account("user"), "Owner of the socket; Postern's own user by default."),
  group: optional(account("group"), "Group of the socket; Postern's own group by default."),
  policy: optional(policyName(), "Policy for clients that no client rule names."),
  protocol: optional(
    z.enum(["http", "raw"], { error: '"http" or "raw"' }),
    "http judges every request; raw relays any protocol, judging the client alone.",
  ),
  upstream: optional(socketPath(), "Socket behind this listener, instead of the common one."),
  backlog: optional(integer(1, 65_535), "Connections that may wait to be accepted."),
  max_connections: optional(integer(1, 1_000_000), "Clients served at once."),
  rotate: optional(
    duration(),
    "How often the socket is made anew, while old connections finish; never by default.",
  ),
}, { error: "a map with a socket" })
  .register(z.globalRegistry, { anyOf: [{ required: ["socket"] }, { required: ["listen"] }] });

/** What a listener may say of itself. */
export const listenerKeys: readonly string[] = Object.keys(listenerSchema.shape);

const clientSchema = z.strictObject({
  ...conditions,
  policy: required(policyName(), "Policy that these clients get."),
}, { error: "a map of conditions and a policy" });

const auditSchema = z.union([
  z.enum(["stderr", "off"]),
  z.strictObject({
    file: required(text("the absolute path of a file"), "File that records are appended to."),
    required: optional(
      z.boolean({ error: "true or false" }),
      "Whether requests are refused with 503 while they cannot be recorded; false by default.",
    ),
    rotate: optional(
      z.strictObject({
        size: required(size(), "Bytes that the file may have, 64KiB at least."),
        keep: optional(integer(1, 1000), "Files that are kept beside it; 8 by default."),
      }, { error: "a map with a size" }),
      "When the file becomes PATH.1 and a new one is begun; never by default.",
    ),
  }),
], { error: "stderr, off or {file: PATH}" });

const runAsSchema = z.strictObject({
  user: required(account("user"), "User that Postern becomes; not root."),
  group: optional(account("group"), "Its group; the user's own by default."),
}, { error: "a map with a user" });

const logSchema = z.strictObject({
  level: optional(
    z.enum(["debug", "info", "warning", "error"], {
      error: '"debug", "info", "warning" or "error"',
    }),
    "The least important messages that are shown.",
  ),
  format: optional(
    z.enum(["text", "json"], { error: '"text" or "json"' }),
    "For people or for programs.",
  ),
}, { error: "a map" });

const reloadSchema = z.strictObject({
  watch: optional(
    z.boolean({ error: "true or false" }),
    "Whether a change of the files is taken up at once; SIGHUP always works.",
  ),
  revoke: optional(
    z.enum(["close", "keep"], { error: '"close" or "keep"' }),
    "What becomes of streams that the new policies do not allow; close by default.",
  ),
}, { error: "a map" });

const authzSchema = z.strictObject({
  anonymous: required(
    text(
      "the policy of who has no certificate, such as everybody on the engine's own socket: full " +
        "changes nothing for them, deny locks root out",
    ),
    "Policy for who has no certificate: everybody on the engine's own socket, root included.",
  ),
  users: optional(
    z.record(z.string(), policyName(), { error: "a map of users and their policies" }),
    "Policies by the common name of the client's certificate.",
  ),
  socket: optional(
    socketPath(),
    "Where the engine asks; /run/docker/plugins/postern.sock by default.",
  ),
  default: optional(
    policyName(),
    "Policy for certificates that users does not name; deny by default.",
  ),
  seal: optional(
    z.boolean({ error: "true or false" }),
    "Whether what comes through the gate passes, and only what comes around it is judged here; false by default.",
  ),
  break_glass: optional(
    text("the absolute path of a file"),
    "A file of root's that lets everybody on the engine's own socket in around the seal while it is there; " +
      "/etc/postern/break-glass by default.",
  ),
}, { error: "a map with anonymous" });

/** `postern.yaml`. */
export const configSchema = z.strictObject({
  upstream: optional(socketPath(), "The engine's socket: a path or unix:///path."),
  listeners: optional(list(listenerSchema, "a list"), "The intercept sockets."),
  clients: optional(
    list(clientSchema, "a list"),
    "Who gets which policy; the first rule that matches decides.",
  ),
  policies: optional(
    oneOrMore(text("a path"), "a folder, a file or a glob, or a list of them"),
    "Policy files: folders, files or globs, relative to this file.",
  ),
  default: optional(
    policyName(),
    "Policy where no rule matches and the listener has none; deny by default.",
  ),
  audit: optional(auditSchema, "Where decisions are recorded; stderr by default."),
  workers: optional(integer(1, 64), "Threads that relay; 1 by default."),
  max_connections: optional(
    integer(1, 1_000_000),
    "Clients connected at once, at all listeners together; no limit by default.",
  ),
  max_connections_per_uid: optional(
    integer(1, 1_000_000),
    "The same for each user, and for each address over TCP; no limit by default.",
  ),
  drain: optional(
    duration(),
    "How long requests and streams may go on when Postern is told to end; 10s by default.",
  ),
  run_as: optional(
    runAsSchema,
    "Who Postern becomes, for good, when its sockets and its audit file are open.",
  ),
  log: optional(logSchema, "The operator's log, on stderr."),
  reload: optional(reloadSchema, "How changes of these files are taken up."),
  authz: optional(authzSchema, "Who may do what, where the engine itself asks: its plugin."),
}, { error: "a map" });

const rate = { error: "a number over 0, up to 1000000" };

const policyLimitsSchema = z.strictObject({
  connections: optional(integer(1, 1_000_000), "Connections at once."),
  streams: optional(
    integer(1, 1_000_000),
    "Requests at once that can go on for as long as the client stays, such as logs.",
  ),
  requests_per_second: optional(
    z.number(rate).check(z.minimum(0.001, rate), z.maximum(1_000_000, rate)),
    "Over time; those of one second may come at once.",
  ),
  body: optional(size(), "The longest body of a request."),
  idle: optional(duration(), "How long a connection may wait for its next request."),
  time: optional(duration(), "How long a request that is no stream may take."),
  stream_idle: optional(duration(), "How long a stream may be silent; for ever by default."),
}, { error: "a map" });

/** An operation as a policy lists it. Whether there is one of that name is found out when it is compiled. */
export const operationSchema = text("an operation like containers.export")
  .register(z.globalRegistry, { id: "operation" });
const verb = text("an operation's verb like create");
/** Verbs by group. */
export const verbsSchema = z.record(
  z.string(),
  oneOrMore(verb, "a verb like create, a list of verbs, or *"),
  { error: "a map" },
)
  .register(z.globalRegistry, { id: "verbs" });
const rules = () =>
  list(
    z.union([operationSchema, verbsSchema], {
      error: "an operation like containers.export, or a map like containers: [create, start]",
    }),
    "a list",
  );

/** What the documentation says about `constraints`. */
export const aboutConstraints =
  "What allowed operations are held against; safe defaults where nothing is written.";

/** A policy file. */
export const policySchema = z.strictObject({
  name: required(text("a word like team-ci"), "The name that client rules and listeners use."),
  extends: optional(policyName(), "Policy to start from; without one, nothing is allowed."),
  mode: optional(
    z.enum(["enforce", "warn"], { error: '"enforce" or "warn"' }),
    "warn lets everything pass, and records what enforce would deny; enforce by default.",
  ),
  clients: optional(
    list(z.strictObject(conditions, { error: "a map of conditions" }), "a list"),
    "Clients that get this policy.",
  ),
  allow: optional(rules(), "Operations to allow."),
  deny: optional(rules(), "Operations to deny; deny beats allow."),
  limits: optional(policyLimitsSchema, "How much its users may take, all together."),
  // Checked by `constraintsAt`, whose schemas are made only where there are constraints.
  constraints: optional(z.unknown(), aboutConstraints),
}, { error: "a map" });

/** What a file holds once its mistakes have been taken out: nothing can be relied on to be there. */
export type Loose<T> = T extends readonly (infer E)[] ? readonly (Loose<E> | undefined)[]
  : T extends object ? { readonly [K in keyof T]?: Loose<T[K]> | undefined }
  : T;

export type LooseConfig = Loose<z.infer<typeof configSchema>>;
export type LooseListener = Loose<z.infer<typeof listenerSchema>>;
export type LooseClient = Loose<z.infer<typeof clientSchema>>;
export type LoosePolicy = Loose<z.infer<typeof policySchema>>;
export type LooseRules = NonNullable<LoosePolicy["allow"]>;
