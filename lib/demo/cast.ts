import { groupName, userName } from "../linux/nss.ts";
import { builtinPolicies } from "../policy/builtin.ts";
import { builtinAncestor, compilePolicy } from "../policy/compile.ts";
import type { ClientRule, Gate, Policy } from "../policy/types.ts";
import type { Call } from "./call.ts";

/** Who plays in the demo, where, and by which rules. */
export interface Cast {
  /** The listeners' modes. */
  readonly modes: Readonly<Record<Listener, number>>;
  readonly rules: Gate;
  /** The rules in a sentence's words. */
  readonly summary: string;
  /** What is asked, by whom and where, in order. */
  readonly script: readonly Line[];
  /** The one who may read on ci, when it is not the one who runs the demo. */
  readonly reader?: Account;
}

export type Listener = "ci" | "ops";
type Account = NonNullable<Call["as"]>;

/** A request of the script. */
export interface Line extends Omit<Call, "socket"> {
  readonly listener: Listener;
}

/** Where ids begin that no distribution and no directory hands out (systemd's UIDS-GIDS.md): 60578 to 61183. */
const FIRST_FREE = 61_001;

const read = { method: "GET", path: "/v1.41/info" };

/** Root plays with two others, who are nobody on this machine: no real person gets into the engine behind. */
export function castOfRoot(): Cast {
  const [reader, stranger] = unusedAccounts();
  return {
    modes: { ci: 0o666, ops: 0o600 },
    rules: rules([
      { uids: [[0, 0]], policy: "full", origin: "demo: uid 0" },
      { uids: [[reader.uid, reader.uid]], policy: "team", origin: `demo: uid ${reader.uid}` },
    ]),
    summary:
      `uid 0 may do everything, uid ${reader.uid} (policy team) may read, and create containers ` +
      "that get nothing of the host; nobody else may do anything",
    script: [
      ...reading.map((request): Line => ({ ...request, listener: "ci", as: reader })),
      { ...read, listener: "ci", as: stranger },
      { ...read, listener: "ops", as: reader },
      ...working,
    ],
    reader,
  };
}

/** Anybody else plays alone: only the sockets differ, and neither is for another user. */
export function castOf(uid: number): Cast {
  const own = { uids: [[uid, uid]], origin: `demo: uid ${uid}` } as const;
  return {
    modes: { ci: 0o600, ops: 0o600 },
    rules: rules([
      { ...own, listeners: ["ci"], policy: "team" },
      { ...own, listeners: ["ops"], policy: "full" },
    ]),
    summary:
      "on ci.sock (policy team) you may read, and create containers that get nothing of the " +
      "host, on ops.sock do everything; nobody else may do anything (as root, the demo calls as " +
      "several users)",
    script: [...reading.map((request): Line => ({ ...request, listener: "ci" })), ...working],
  };
}

function rules(clients: readonly ClientRule[]): Gate {
  const policies = { ...builtinPolicies, team: team() };
  return { clients, listenerPolicies: {}, defaultPolicy: "deny", policies };
}

/** What a team's policy file of four lines would say. */
function team(): Policy {
  const compiled = compilePolicy({
    name: "team",
    extends: "read-only",
    allow: [{ pattern: "containers.create", origin: "demo" }],
    deny: [],
    origin: "demo",
  }, () => builtinAncestor(builtinPolicies["read-only"]!));
  if ("problems" in compiled) throw new TypeError("Cannot play: the demo's policy has mistakes");
  return compiled.policy;
}

const creating = (config: object) => ({
  method: "POST",
  path: "/v1.41/containers/create",
  // An image that nobody has: a real engine must come out of the demo as it went in.
  body: JSON.stringify({ Image: `postern-demo-${crypto.randomUUID()}`, HostConfig: config }),
});

const reading = [
  { method: "GET", path: "/v1.41/version" },
  { method: "GET", path: "/v1.41/containers/json?all=1" },
  { method: "GET", path: "/v1.41/containers/web/archive?path=/etc/shadow" },
  creating({ Memory: 268435456 }),
  creating({ Binds: ["/etc:/x"] }),
  creating({ Privileged: true }),
  { method: "POST", path: "/v1.41/containers/web/stop" },
  { method: "GET", path: "/v1.41/containers/x/../../containers/json" },
];

const working: readonly Line[] = [
  { ...read, listener: "ops" },
  { method: "GET", path: "/v1.41/images/json", listener: "ops" },
  // Nobody's: a real engine must come out of the demo as it went in.
  { method: "POST", path: `/v1.41/containers/${crypto.randomUUID()}/start`, listener: "ops" },
];

/** Two ids that neither a user nor a group has. */
function unusedAccounts(): [Account, Account] {
  const found: Account[] = [];
  for (let id = FIRST_FREE; found.length < 2; id++) {
    if (userName(id) === undefined && groupName(id) === undefined) found.push({ uid: id, gid: id });
  }
  return [found[0]!, found[1]!];
}
