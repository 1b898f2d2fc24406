import { stringify } from "yaml";
import manifest from "../../../deno.json" with { type: "json" };
import type { Peer, PeerPlace } from "./peer.ts";

const main = new URL("../../../main.ts", import.meta.url).pathname;
const flags = manifest.tasks.start.split(" ").slice(1, -2);

/** The policy of the benchmark: what the peers' rules open, and like theirs unread unless bodies are judged. */
function policy({ judges, patterns = 0 }: Variant): string {
  const images = Array.from({ length: patterns }, (_, i) => `registry.example.com/team-${i}/**`);
  const constraints = { ...(judges ? {} : { "containers.*": "none" }) };
  return stringify({
    name: "bench",
    extends: "read-only",
    allow: [
      "containers.*",
      "images.save",
      "images.load",
      ...Array.from({ length: patterns }, (_, i) => ["images.tag", "images.push"][i % 2]),
    ],
    deny: ["containers.list-size"],
    constraints: judges && patterns > 0
      ? { "containers.create": { images: [...images, "alpine"] } }
      : constraints,
  });
}

/** How the gate is configured beside the listener that is measured. */
export interface Variant {
  readonly name: string;
  readonly about: string;
  /** The audit log's file in its folder, when it writes one. */
  readonly log?: string;
  /** Client rules before the one that matches. */
  readonly rules?: number;
  /** Whether bodies are judged, by the safe defaults. */
  readonly judges?: boolean;
  /** Rules in the policy, and patterns for images. */
  readonly patterns?: number;
  /** Listeners beside the one that is measured. */
  readonly listeners?: number;
}

function configuration(variant: Variant, { directory, socket, upstream }: PeerPlace): string {
  const others = Array.from({ length: variant.listeners ?? 0 }, (_, i) => ({
    socket: `${directory}/other-${i}.sock`,
    policy: "read-only",
  }));
  const clients = Array.from({ length: variant.rules ?? 0 }, (_, i) => ({
    uid: 100_000 + i,
    policy: "deny",
  }));
  return stringify({
    upstream,
    listeners: [...others, { name: "measured", socket, mode: "0600" }],
    clients: [...clients, { listener: "measured", policy: "bench" }],
    policies: "policies/",
    audit: variant.log === undefined ? "off" : { file: `${directory}/${variant.log}` },
  });
}

export function postern(variant: Variant): Peer {
  return {
    name: variant.name,
    about: variant.about,
    ...(variant.log === undefined ? {} : { log: variant.log }),
    command(place) {
      const file = `${place.directory}/postern.yaml`;
      const secret = { mode: 0o600 };
      Deno.writeTextFileSync(file, configuration(variant, place), secret);
      Deno.mkdirSync(`${place.directory}/policies`, { recursive: true });
      Deno.writeTextFileSync(`${place.directory}/policies/bench.yaml`, policy(variant), secret);
      return { program: Deno.execPath(), args: [...flags, main, "serve", "-c", file] };
    },
  };
}

export const posternSilent: Peer = postern({
  name: "postern",
  about: "Postern, one worker, a team's policy, no audit log",
});
export const posternAuditing: Peer = postern({
  name: "postern-audit",
  about: "Postern, the same, audit log to a file",
  log: "audit.jsonl",
});
export const posternManyRules: Peer = postern({
  name: "postern-1000-rules",
  about: "Postern, 1,000 client rules before the one that matches",
  rules: 1000,
});
export const posternJudging: Peer = postern({
  name: "postern-judging",
  about: "Postern, the same, bodies judged by the safe defaults",
  judges: true,
});
export const posternManyPatterns: Peer = postern({
  name: "postern-10000-patterns",
  about: "Postern, the same, with 10,000 rules in the policy and patterns for images",
  judges: true,
  patterns: 10_000,
});
export const posternTenThousandRules: Peer = postern({
  name: "postern-10000-rules",
  about: "Postern, 10,000 client rules before the one that matches",
  rules: 10_000,
});
export const posternManyListeners: Peer = postern({
  name: "postern-50-listeners",
  about: "Postern with 50 more listeners",
  listeners: 50,
});
