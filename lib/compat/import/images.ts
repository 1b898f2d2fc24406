import { tcpPlaceOf } from "../bind.ts";
import { decideByRules, type Flavour, isOn, variablesOn } from "../env_rules.ts";
import { readSettings, type Settings } from "./settings.ts";
import type { Source, SourceListener } from "./source.ts";

const images: Readonly<Record<string, RegExp>> = {
  tecnativa: /tecnativa\/docker-socket-proxy/,
  linuxserver: /linuxserver\/socket-proxy/,
};

/** Imports the variables of an image with HAProxy in it, from a file of variables, a command line or a compose file. Throws an ImportError. */
export function importImage(flavour: Flavour, texts: readonly string[], service?: string): Source {
  const all = texts.map((text) => readSettings(text, { image: images[flavour.name]!, service }));
  const env: Settings["env"] = Object.assign({}, ...all.map(({ env }) => env));
  const on = variablesOn(flavour, env);
  const variables = [...on];
  const listener = listenerOf(env["BIND_CONFIG"]);
  const upstream = env["SOCKET_PATH"];
  const known = new Set(flavour.rules.map(({ variable }) => variable));
  return {
    name: flavour.name,
    rules: variables.map((name) => `${name}=${env[name] ?? 1}`),
    decide(method, path) {
      const decision = decideByRules(flavour.rules, on, method, path);
      return decision.allow ? variables.indexOf(decision.variable) : undefined;
    },
    gates: flavour.rules.filter(({ kind }) => kind !== "allow").map(({ variable }) =>
      variables.indexOf(variable)
    ),
    words: [],
    ...(listener === undefined ? {} : { listener }),
    ...(upstream ? { upstream } : {}),
    constraints: "none",
    warnings: [
      ...all.flatMap(({ warnings }) => warnings),
      ...Object.entries(env).filter(([name, value]) => known.has(name) && !isOn(value))
        .filter(([, value]) => /^\s*(true|yes|on)\s*$/i.test(value))
        .map(([name, value]) => `${name}=${value} is off, as it is for HAProxy, which wants 1`),
      ...(listener === undefined
        ? [
          "the source listens on TCP port 2375 of every address, since BIND_CONFIG is not set; here the mode, user and group of " +
          "a socket say who may connect; listen: tcp://127.0.0.1:2375 in its place is a port",
        ]
        : []),
    ],
  };
}

function listenerOf(bind: string | undefined): SourceListener | undefined {
  const [address = "", ...words] = (bind ?? "").trim().split(/\s+/);
  const first = address.split(",")[0]!;
  const socket = first.replace(/^unix@/, "");
  if (!socket.startsWith("/")) {
    const tcp = tcpPlaceOf(
      first.replace(/^(?:ipv[46]|tcp[46]?)@/, ""),
      /^(?:ipv|tcp)6@/.test(first),
    );
    return tcp && { tcp };
  }
  const after = (...keys: string[]) => {
    const at = words.findIndex((word) => keys.includes(word));
    return at < 0 ? undefined : words[at + 1];
  };
  const [mode, user, group] = [after("mode"), after("user", "uid"), after("group", "gid")];
  return {
    socket,
    ...(mode === undefined ? {} : { mode }),
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
  };
}
