import { tcpPlaceOf } from "../bind.ts";
import { parseDocument } from "../../config/yaml.ts";
import {
  folderPatterns,
  ImportError,
  type Source,
  type SourceConstraints,
  type SourceListener,
  wordsIn,
} from "./source.ts";

interface GlobRule {
  readonly methods: readonly string[];
  readonly pattern: RegExp;
  readonly allow: boolean;
  readonly text: string;
}

type Loose = Readonly<Record<string, unknown>>;

/** What means nothing for what is allowed, or is translated. */
const TRANSLATED = new Set([
  ...["listen", "upstream", "rules", "log", "health", "metrics", "reload", "request_body"],
  ...["insecure_allow_body_blind_writes", "insecure_allow_read_exfiltration"],
  ...["insecure_accept_opaque_buildkit_tunnels"],
]);

const TUNNELS = /^\/(?:session|grpc)$/;

/**
 * Imports CodesWhat/sockguard's YAML: its common rules, which are tried in their order, and its folders for bind mounts. It looks
 * into bodies, and so does the policy that comes of it, by Postern's safe defaults. Throws an ImportError.
 */
export function importSockguard(texts: readonly string[]): Source {
  const [text, second] = texts;
  if (second !== undefined) throw new ImportError("is one too many: sockguard has one file");
  const data = read(text ?? "");
  const rules = readRules(data["rules"]);
  const listen = record(data["listen"]);
  const listener = listenerOf(listen);
  const upstream = record(data["upstream"])["socket"];
  const bodies = record(data["request_body"]);
  const opaque = data["insecure_accept_opaque_buildkit_tunnels"] === true;
  const allows = (method: string, path: string) => {
    const plain = withoutVersion(path);
    const found = rules.findIndex(({ methods, pattern }) =>
      (methods.includes("*") || methods.includes(method)) && pattern.test(plain)
    );
    return found >= 0 && rules[found]!.allow ? found : undefined;
  };
  return {
    name: "sockguard",
    rules: rules.map(({ text }) => text),
    // BuildKit's tunnels need that setting, whatever the rules say; with request_body.buildkit, it looks into them.
    decide: (method, path) =>
      opaque || !TUNNELS.test(withoutVersion(path)) ? allows(method, path) : undefined,
    gates: rules.flatMap(({ allow }, index) => allow ? [] : [index]),
    words: rules.flatMap(({ text }) => wordsIn(text.replaceAll("*", " "))),
    ...(listener === undefined ? {} : { listener }),
    ...(typeof upstream === "string" ? { upstream } : {}),
    constraints: {
      ...bindMounts(record(bodies["container_create"])),
      ...(opaque ? { "builder.grpc": { unjudged: true } } : {}),
    },
    warnings: [
      ...Object.keys(data).filter((key) => !TRANSLATED.has(key)).map((key) =>
        `${key} is not translated: ${explained[key] ?? "look for its like in Postern"}`
      ),
      ...untranslated(bodies),
      ...(!opaque && bodies["buildkit"] !== undefined && allows("POST", "/grpc") !== undefined
        ? [
          "BuildKit (POST /session and /grpc): sockguard looks into it, Postern cannot; not allowed here",
        ]
        : []),
      ...(listener === undefined
        ? [
          `the source listens on ${
            listen["address"] ?? "127.0.0.1:2375"
          }, and this configuration on a unix socket; listen: tcp://127.0.0.1:2375 in its place is a port`,
        ]
        : []),
      ...(listen["tls"] !== undefined
        ? ["listen.tls is not translated: write tls: {cert: FILE, key: FILE, client_ca: FILE}"]
        : []),
    ],
  };
}

const explained: Readonly<Record<string, string>> = {
  listeners: "give each of them a listener, and name its policy there",
  clients:
    "write its profiles as policies of their own, and client rules that give them to users and groups",
  response: "Postern passes answers on as they are",
  ownership: "constraints such as containers: [{label: [...]}] and set: {labels: ...} do it",
  mutations: "the key set of a constraint fills in labels and limits",
  admin: "there is no such endpoint",
};

function read(text: string): Loose {
  const document = parseDocument(text, { merge: true });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new ImportError(`is not valid YAML: ${error.message.split("\n")[0]}`);
  }
  const data = record(document.toJS());
  if (!Array.isArray(data["rules"])) throw new ImportError("has no list of rules");
  return data;
}

function readRules(rules: unknown): GlobRule[] {
  return (rules as unknown[]).map((rule, index) => {
    const { action } = record(rule) as { action?: unknown };
    const match = record(record(rule)["match"]);
    const [method, path] = [match["method"], match["path"]];
    if (typeof method !== "string" || typeof path !== "string") {
      throw new ImportError(`has a rule without method and path, number ${index + 1}`);
    }
    if (action !== "allow" && action !== "deny") {
      throw new ImportError(`has a rule that neither allows nor denies, number ${index + 1}`);
    }
    return {
      methods: method.split(",").map((word) => word.trim().toUpperCase()),
      pattern: globPattern(path),
      allow: action === "allow",
      text: `${action} ${method} ${path}`,
    };
  });
}

/** `*` within a segment, `**` over several; `/**` is there or not (its package glob). */
function globPattern(glob: string): RegExp {
  const source = glob.replace(
    /\/\*\*|\*\*|\*|[^*/]+|\//g,
    (piece) =>
      piece === "/**"
        ? "(?:/.*)?"
        : piece === "**"
        ? ".*"
        : piece === "*"
        ? "[^/]*"
        : RegExp.escape(piece),
  );
  return new RegExp(`^${source}$`, "s");
}

/** It strips what looks like an API version before it compares. */
function withoutVersion(path: string): string {
  return path.replace(/^\/v[0-9]+(?:\.[0-9]+){0,2}(?=\/)/, "");
}

function listenerOf(listen: Loose): SourceListener | undefined {
  const { socket, socket_mode: mode, socket_uid: user, socket_gid: group, address } = listen;
  if (typeof socket !== "string" || socket === "") {
    const tcp = typeof address === "string" ? tcpPlaceOf(address) : undefined;
    return tcp && { tcp };
  }
  return {
    socket,
    ...(mode === undefined ? {} : { mode: String(mode) }),
    ...(user === undefined ? {} : { user: String(user) }),
    ...(group === undefined ? {} : { group: String(group) }),
  };
}

function bindMounts(create: Loose): SourceConstraints {
  const folders = create["allowed_bind_mounts"];
  if (!Array.isArray(folders) || folders.length === 0) return {};
  const host_mounts = folders.map(String).flatMap(folderPatterns);
  return { "containers.create": { host_mounts } };
}

/** Settings about bodies that the policy has in its own words, or has not. */
function untranslated(bodies: Loose): string[] {
  return Object.entries(bodies).flatMap(([block, settings]) =>
    Object.keys(record(settings)).filter((key) => key !== "allowed_bind_mounts").map((key) =>
      `request_body.${block}.${key} is not translated: the safe defaults hold, and constraints can say otherwise`
    )
  );
}

function record(value: unknown): Loose {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Loose : {};
}
