import { type EnvRule, type Flavour, under } from "./env_rules.ts";
import { postGate, sectionRules, tecnativa, verbRule } from "./tecnativa.ts";

const ANY_KIND = "(/libpod)?/(containers|pods)";

/** What CONTAINERS does not open by itself, in the words of the paths (root/templates/haproxy.cfg of linuxserver/docker-socket-proxy 3.4.3). */
const required: readonly EnvRule[] = Object.entries({
  ALLOW_ARCHIVE: "archive",
  ALLOW_CHANGES: "change",
  ALLOW_EXPORT: "export",
  ALLOW_LOGS: "logs",
  ALLOW_TOP: "top",
}).map(([variable, word]) => ({
  kind: "require",
  variable,
  pattern: under(`${ANY_KIND}/[a-zA-Z0-9_.-]+/(${word})`),
}));

const verbs: Readonly<Record<string, string>> = {
  RESTARTS: "stop|restart|kill",
  START: "start",
  STOP: "stop",
  PAUSE: "pause",
  UNPAUSE: "unpause",
};

/** The verbs of one kind of thing, behind a prefix of the variables' names. */
function verbRules(prefix: string, kinds: string): EnvRule[] {
  return Object.entries(verbs).map(([name, words]) => verbRule(prefix + name, kinds, words));
}

const libpodSections = [
  ...["containers", "events", "exec", "generate", "images", "info", "manifests", "networks"],
  ...["_ping", "play", "pods", "secrets", "system", "version", "volumes"],
];

/** lscr.io/linuxserver/socket-proxy: what ALLOW_START and its like open, they open without POST. */
export const linuxserver: Flavour = {
  name: "linuxserver",
  rules: [
    ...required,
    ...verbRules("ALLOW_", ANY_KIND),
    ...verbRules("LIBPOD_ALLOW_", "/libpod/containers"),
    ...verbRules("LIBPOD_ALLOW_POD_", "/libpod/pods"),
    postGate,
    ...sectionRules,
    ...libpodSections.map((section): EnvRule => ({
      kind: "allow",
      variable: `LIBPOD_${section.replace("_", "").toUpperCase()}`,
      pattern: under(`/libpod/${section}`),
    })),
  ],
  onByDefault: [...tecnativa.onByDefault, "LIBPOD_PING", "LIBPOD_VERSION"],
};
