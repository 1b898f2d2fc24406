import { resolveAccount } from "../config/accounts.ts";
import { got } from "../config/got.ts";
import { MAX_ID, parseId } from "../config/ids.ts";
import { loginGroups, userId, userName } from "../linux/nss.ts";
import { systemNames } from "../peer/names.ts";
import { formatAddress, parseAddress } from "../policy/address.ts";
import type { Peer } from "../policy/types.ts";
import { UsageError } from "./arguments.ts";

/** The flags that say who calls. */
export const callerOptions = {
  uid: { type: "string" },
  user: { type: "string" },
  gid: { type: "string" },
  groups: { type: "string" },
  address: { type: "string" },
  cert: { type: "string" },
  container: { type: "string" },
  label: { type: "string", multiple: true },
} as const;

type CallerFlags =
  & { readonly [name in Exclude<keyof typeof callerOptions, "label">]?: string }
  & { readonly label?: readonly string[] };

/** The caller that the flags describe; groups that are not given are those of a login. Throws a UsageError. */
export function describedPeer(flags: CallerFlags): Peer {
  return tcpOnly.some((name) => flags[name] !== undefined) ? tcpPeer(flags) : localPeer(flags);
}

const tcpOnly = ["address", "cert", "container", "label"] as const;

/**
 * A client on TCP. Without `--container` and `--label` it is in none; what is not said of a container is not known, so that rules
 * about it deny.
 */
function tcpPeer(flags: CallerFlags): Peer {
  const ids = (["uid", "user", "gid", "groups"] as const).find((name) => flags[name] !== undefined);
  if (ids !== undefined) {
    throw new UsageError(`--${ids} is for unix sockets: a client on TCP has no uid`);
  }
  const { address: text, cert, container, label } = flags;
  const bytes = text === undefined ? undefined : parseAddress(text);
  if (bytes === undefined) {
    throw new UsageError(
      `--address takes where the client is, such as 172.18.0.4, ${got(text ?? "")}`,
    );
  }
  const labels = (label ?? []).map((pair) => {
    const equals = pair.indexOf("=");
    if (equals > 0) return [pair.slice(0, equals), pair.slice(equals + 1)];
    throw new UsageError(`--label takes key=value, ${got(pair)}`);
  });
  const resident = { id: "", name: container ?? "", labels: Object.fromEntries(labels) };
  return {
    address: formatAddress(bytes),
    ...(cert === undefined
      ? {}
      : { certificate: { commonName: cert, dns: [], uris: [], emails: [], fingerprint: "" } }),
    inside: container === undefined && label === undefined ? ["none"] : [resident],
  };
}

function localPeer(flags: CallerFlags): Peer & { readonly uid: number } {
  const uid = uidOf(flags);
  const login = loginGroups(uid);
  // Without a login the group is taken to be the user's own, as user databases make it; --gid says otherwise.
  const gid = flags.gid === undefined ? login?.gid ?? uid : group("--gid", flags.gid);
  const groups = flags.groups?.split(",").filter((text) => text !== "")
    .map((text) => group("--groups", text));
  const user = userName(uid);
  return {
    uid,
    gid,
    // Who has no login and no flag has no supplementary groups that anybody could know of.
    groups: groups ?? login?.groups ?? [],
    ...(user === undefined ? {} : { user }),
  };
}

function uidOf({ uid, user }: CallerFlags): number {
  if (user !== undefined && uid !== undefined) {
    throw new UsageError("--uid and --user say the same thing twice");
  }
  if (uid !== undefined) return id("--uid", uid);
  if (user === undefined) {
    throw new UsageError("say who calls, with --uid N or --user NAME, or on TCP with --address A");
  }
  const found = userId(user);
  if (found !== undefined) return found;
  const hint = parseId(user) === undefined ? "" : `; for a number write --uid ${user}`;
  throw new UsageError(`there is no user ${JSON.stringify(user)}${hint}`);
}

function id(flag: string, text: string): number {
  const value = parseId(text);
  if (value !== undefined) return value;
  throw new UsageError(
    `${flag} takes a number from 0 to ${MAX_ID}, got ${JSON.stringify(text)}`,
  );
}

/** A group by name or number; a name made of digits wins, as in the configuration. */
function group(flag: string, text: string): number {
  const found = resolveAccount(systemNames, "group", text);
  if ("value" in found) return found.value;
  if (/^-?[0-9]+$/.test(text)) return id(flag, text);
  throw new UsageError([`${flag}: ${found.problem}`, found.hint].filter(Boolean).join(", "));
}
