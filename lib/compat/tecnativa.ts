import { type EnvRule, type Flavour, under } from "./env_rules.ts";

/** The sections that both images have, by their first path segments (haproxy.cfg of Tecnativa/docker-socket-proxy 0.4.1). */
const sections = [
  ...["auth", "build", "commit", "configs", "containers", "distribution", "events", "exec", "grpc"],
  ...["images", "info", "networks", "nodes", "_ping", "plugins", "secrets", "services", "session"],
  ...["swarm", "system", "tasks", "version", "volumes"],
];

/** `CONTAINERS` allows what begins with `/containers`. */
export const sectionRules: readonly EnvRule[] = sections.map((section) => ({
  kind: "allow",
  variable: section.replace("_", "").toUpperCase(),
  pattern: under(`/${section}`),
}));

/** Only GET and HEAD without POST=1. */
export const postGate: EnvRule = { kind: "require-for-writes", variable: "POST" };

/** The rules of a variable for a verb of one container; some verbs are several. */
export function verbRule(variable: string, kinds: string, verbs: string): EnvRule {
  return { kind: "allow", variable, pattern: under(`${kinds}/[a-zA-Z0-9_.-]+/(${verbs})`) };
}

/** tecnativa/docker-socket-proxy: POST comes first, so that ALLOW_START and its like open nothing without it. */
export const tecnativa: Flavour = {
  name: "tecnativa",
  rules: [
    postGate,
    verbRule("ALLOW_RESTARTS", "/containers", "stop|restart|kill"),
    verbRule("ALLOW_START", "/containers", "start"),
    verbRule("ALLOW_STOP", "/containers", "stop"),
    ...sectionRules,
  ],
  onByDefault: ["EVENTS", "PING", "VERSION"],
};
