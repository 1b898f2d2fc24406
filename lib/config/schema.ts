import { z } from "zod";
import { MAX_ID } from "./ids.ts";

// Every `error` ends the sentence "<key> must be …"; what a value means is checked where it is resolved.

/** Text that is not empty. */
export const text = (error: string) => z.string({ error }).min(1, { error });
/** A whole number. */
export const integer = (first: number, last: number) => {
  const error = `a whole number from ${first} to ${last}`;
  return z.int({ error }).min(first, { error }).max(last, { error });
};
const list = <T extends z.ZodType>(item: T, error: string) => z.array(item, { error });
/** One value, or a list of them. */
export const oneOrMore = <T extends z.ZodType>(item: T, error: string) =>
  z.union([item, z.array(item, { error }).min(1, { error })], { error });

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
  cert: text("the path of a file").describe("Postern's certificate and its chain, PEM."),
  key: text("the path of a file").describe("Its key, PEM; not readable by others."),
  client_ca: text("the path of a file")
    .describe("Who signs the certificates of clients, PEM; a client without one gets nowhere."),
}, { error: "a map with cert, key and client_ca" });

const conditions = {
  uid: ids().describe("Effective user id of the client, as the kernel reports it.").optional(),
  user: accounts("user").describe("The same by user name.").optional(),
  gid: ids().describe("Primary or supplementary group id of the client.").optional(),
  group: accounts("group").describe("The same by group name.").optional(),
  listener: names("listener").describe("Listeners that the client may have connected to.")
    .optional(),
  address: addresses().describe(
    "Where a connection over TCP comes from: addresses, or ranges of them.",
  ).optional(),
  cert: oneOrMore(text("a name"), "a name in the client's certificate, or a list of names")
    .describe(
      "Names in the client's certificate: its common name, or a subject alternative name (DNS, URI, e-mail); exactly as written.",
    ).optional(),
  container: names("container").describe(
    "Containers that a connection over TCP comes from, by name or full id, as the engine knows their addresses.",
  ).optional(),
  label: oneOrMore(text("key=value"), "a label like key=value, or a list of them")
    .describe("Labels of that container, one of which it must have.").optional(),
};

const listenerSchema = z.strictObject({
  socket: socketPath().describe("Absolute path of the intercept socket.").optional(),
  listen: text("an address and a port like tcp://127.0.0.1:2375").describe(
    "Address and port instead of a socket: tcp://127.0.0.1:2375 or tcp://[::1]:2375.",
  ).optional(),
  tls: tlsSchema.describe("Mutual TLS 1.3, for listen; needed on addresses that are not loopback.")
    .optional(),
  insecure: z.boolean({ error: "true or false" }).describe(
    "Whether everybody who reaches an address that is not loopback is let in without TLS; false by default.",
  ).optional(),
  name: text("a word like ci").describe(
    "Name in rules and records; the socket file's stem by default.",
  )
    .optional(),
  mode: z.union([z.number(), text("a mode")], {
    error: "octal like 0660 or symbolic like u=rw,g=rw",
  })
    .describe("Permissions of the socket, octal whether quoted or not; 0600 by default.")
    .optional(),
  user: account("user").describe("Owner of the socket; Postern's own user by default.").optional(),
  group: account("group").describe("Group of the socket; Postern's own group by default.")
    .optional(),
  policy: policyName().describe("Policy for clients that no client rule names.").optional(),
  protocol: z.enum(["http", "raw"], { error: '"http" or "raw"' })
    .describe("http judges every request; raw relays any protocol, judging the client alone.")
    .optional(),
  upstream: socketPath().describe("Socket behind this listener, instead of the common one.")
    .optional(),
  backlog: integer(1, 65_535).describe("Connections that may wait to be accepted.").optional(),
  max_connections: integer(1, 1_000_000).describe("Clients served at once.").optional(),
  rotate: duration().describe(
    "How often the socket is made anew, while old connections finish; never by default.",
  ).optional(),
}, { error: "a map with a socket" })
  .meta({ anyOf: [{ required: ["socket"] }, { required: ["listen"] }] });

/** What a listener may say of itself. */
export const listenerKeys: readonly string[] = Object.keys(listenerSchema.shape);

const clientSchema = z.strictObject({
  ...conditions,
  policy: policyName().describe("Policy that these clients get."),
}, { error: "a map of conditions and a policy" });

const auditSchema = z.union([
  z.enum(["stderr", "off"]),
  z.strictObject({
    file: text("the absolute path of a file").describe("File that records are appended to."),
    required: z.boolean({ error: "true or false" }).describe(
      "Whether requests are refused with 503 while they cannot be recorded; false by default.",
    ).optional(),
    rotate: z.strictObject({
      size: size().describe("Bytes that the file may have, 64KiB at least."),
      keep: integer(1, 1000).describe("Files that are kept beside it; 8 by default.").optional(),
    }, { error: "a map with a size" }).describe(
      "When the file becomes PATH.1 and a new one is begun; never by default.",
    ).optional(),
  }),
], { error: "stderr, off or {file: PATH}" });

const runAsSchema = z.strictObject({
  user: account("user").describe("User that Postern becomes; not root."),
  group: account("group").describe("Its group; the user's own by default.").optional(),
}, { error: "a map with a user" });

const logSchema = z.strictObject({
  level: z.enum(["debug", "info", "warning", "error"], {
    error: '"debug", "info", "warning" or "error"',
  }).describe("The least important messages that are shown.").optional(),
  format: z.enum(["text", "json"], { error: '"text" or "json"' })
    .describe("For people or for programs.").optional(),
}, { error: "a map" });

const reloadSchema = z.strictObject({
  watch: z.boolean({ error: "true or false" })
    .describe("Whether a change of the files is taken up at once; SIGHUP always works.").optional(),
  revoke: z.enum(["close", "keep"], { error: '"close" or "keep"' })
    .describe("What becomes of streams that the new policies do not allow; close by default.")
    .optional(),
}, { error: "a map" });

const authzSchema = z.strictObject({
  anonymous: text(
    "the policy of who has no certificate, such as everybody on the engine's own socket: full " +
      "changes nothing for them, deny locks root out",
  ).describe(
    "Policy for who has no certificate: everybody on the engine's own socket, root included.",
  ),
  users: z.record(z.string(), policyName(), { error: "a map of users and their policies" })
    .describe("Policies by the common name of the client's certificate.").optional(),
  socket: socketPath().describe(
    "Where the engine asks; /run/docker/plugins/postern.sock by default.",
  ).optional(),
  default: policyName()
    .describe("Policy for certificates that users does not name; deny by default.").optional(),
  seal: z.boolean({ error: "true or false" }).describe(
    "Whether what comes through the gate passes, and only what comes around it is judged here; false by default.",
  ).optional(),
  break_glass: text("the absolute path of a file").describe(
    "A file of root's that lets everybody on the engine's own socket in around the seal while it is there; " +
      "/etc/postern/break-glass by default.",
  ).optional(),
}, { error: "a map with anonymous" });

/** `postern.yaml`. */
export const configSchema = z.strictObject({
  upstream: socketPath().describe("The engine's socket: a path or unix:///path.").optional(),
  listeners: list(listenerSchema, "a list").describe("The intercept sockets.").optional(),
  clients: list(clientSchema, "a list")
    .describe("Who gets which policy; the first rule that matches decides.").optional(),
  policies: oneOrMore(text("a path"), "a folder, a file or a glob, or a list of them")
    .describe("Policy files: folders, files or globs, relative to this file.").optional(),
  default: policyName()
    .describe("Policy where no rule matches and the listener has none; deny by default.")
    .optional(),
  audit: auditSchema.describe("Where decisions are recorded; stderr by default.").optional(),
  workers: integer(1, 64).describe("Threads that relay; 1 by default.").optional(),
  max_connections: integer(1, 1_000_000)
    .describe("Clients connected at once, at all listeners together; no limit by default.")
    .optional(),
  max_connections_per_uid: integer(1, 1_000_000)
    .describe("The same for each user, and for each address over TCP; no limit by default.")
    .optional(),
  drain: duration().describe(
    "How long requests and streams may go on when Postern is told to end; 10s by default.",
  ).optional(),
  run_as: runAsSchema.describe(
    "Who Postern becomes, for good, when its sockets and its audit file are open.",
  ).optional(),
  log: logSchema.describe("The operator's log, on stderr.").optional(),
  reload: reloadSchema.describe("How changes of these files are taken up.").optional(),
  authz: authzSchema.describe("Who may do what, where the engine itself asks: its plugin.")
    .optional(),
}, { error: "a map" });

const rate = { error: "a number over 0, up to 1000000" };

const policyLimitsSchema = z.strictObject({
  connections: integer(1, 1_000_000).describe("Connections at once.").optional(),
  streams: integer(1, 1_000_000)
    .describe("Requests at once that can go on for as long as the client stays, such as logs.")
    .optional(),
  requests_per_second: z.number(rate).min(0.001, rate).max(1_000_000, rate)
    .describe("Over time; those of one second may come at once.").optional(),
  body: size().describe("The longest body of a request.").optional(),
  idle: duration().describe("How long a connection may wait for its next request.").optional(),
  time: duration().describe("How long a request that is no stream may take.").optional(),
  stream_idle: duration().describe("How long a stream may be silent; for ever by default.")
    .optional(),
}, { error: "a map" });

/** An operation as a policy lists it. Whether there is one of that name is found out when it is compiled. */
export const operationSchema = text("an operation like containers.export")
  .meta({ id: "operation" });
const verb = text("an operation's verb like create");
/** Verbs by group. */
export const verbsSchema = z.record(
  z.string(),
  oneOrMore(verb, "a verb like create, a list of verbs, or *"),
  { error: "a map" },
).meta({ id: "verbs" });
const rules = () =>
  list(
    z.union([operationSchema, verbsSchema], {
      error: "an operation like containers.export, or a map like containers: [create, start]",
    }),
    "a list",
  );

/** A policy file. */
export const policySchema = z.strictObject({
  name: text("a word like team-ci").describe("The name that client rules and listeners use."),
  extends: policyName().describe("Policy to start from; without one, nothing is allowed.")
    .optional(),
  mode: z.enum(["enforce", "warn"], { error: '"enforce" or "warn"' })
    .describe("warn lets everything pass, and records what enforce would deny; enforce by default.")
    .optional(),
  clients: list(z.strictObject(conditions, { error: "a map of conditions" }), "a list")
    .describe("Clients that get this policy.").optional(),
  allow: rules().describe("Operations to allow.").optional(),
  deny: rules().describe("Operations to deny; deny beats allow.").optional(),
  limits: policyLimitsSchema.describe("How much its users may take, all together.").optional(),
  // Checked by `constraintsAt`, whose schemas are made only where there are constraints.
  constraints: z.unknown()
    .describe("What allowed operations are held against; safe defaults where nothing is written.")
    .optional(),
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
