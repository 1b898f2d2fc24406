import type { Peer } from "./peer.ts";

const sections = [
  ...["auth", "build", "commit", "configs", "containers", "distribution", "events", "exec", "grpc"],
  ...["images", "info", "networks", "nodes", "_ping", "plugins", "secrets", "services", "session"],
  ...["swarm", "system", "tasks", "version", "volumes"],
];
const open = new Set(["containers", "events", "exec", "images", "info", "_ping", "version"]);

/** The environment that Tecnativa's rules read: what read-only gives, and POST. */
const env: Readonly<Record<string, string>> = Object.fromEntries(
  [["POST", "1"], ...sections.map((name) => [variable(name), open.has(name) ? "1" : "0"])],
);

function variable(section: string): string {
  return section.replace("_", "").toUpperCase();
}

function matches(pattern: string): string {
  return `path,url_dec -m reg -i ^(/v[\\d\\.]+)?${pattern}`;
}

/** How HAProxy is configured beside the rules. */
interface Variant {
  readonly name: string;
  readonly about: string;
  readonly logs?: boolean;
  /** A new engine connection for each request (`option http-server-close`). */
  readonly closes?: boolean;
}

/**
 * Tecnativa/docker-socket-proxy's haproxy.cfg; but its standard 403 keeps the client's connection, and where it is faster,
 * engine connections are kept, too.
 */
function configuration(socket: string, upstream: string, { logs, closes }: Variant): string {
  const allow = (pattern: string, name: string) =>
    `  http-request allow if { ${matches(pattern)} } { env(${name}) -m bool }`;
  const container = "/containers/[a-zA-Z0-9_.-]+";
  return [
    "global",
    "  nbthread 1",
    // 10,000 idle connections, also where the limit of descriptors is below two for each.
    "  no strict-limits",
    "  maxconn 10500",
    ...(logs ? ["  log stderr format raw daemon info"] : []),
    "defaults",
    "  mode http",
    "  maxconn 10500",
    ...(logs ? ["  log global", "  option httplog", "  option dontlognull"] : []),
    "  option redispatch",
    ...(closes ? ["  option http-server-close"] : []),
    "  timeout connect 10s",
    "  timeout client 10m",
    "  timeout server 10m",
    "frontend docker",
    `  bind unix@${socket} mode 600 backlog 1024`,
    "  http-request deny unless METH_GET || { env(POST) -m bool }",
    allow(`${container}/((stop)|(restart)|(kill))`, "ALLOW_RESTARTS"),
    allow(`${container}/start`, "ALLOW_START"),
    allow(`${container}/stop`, "ALLOW_STOP"),
    ...sections.map((name) => allow(`/${name}`, variable(name))),
    "  http-request deny",
    "  default_backend engine",
    `  use_backend events if { ${matches("/events")} }`,
    "backend engine",
    `  server socket unix@${upstream}`,
    "backend events",
    `  server socket unix@${upstream}`,
    "  timeout server 0",
    "",
  ].join("\n");
}

function haproxy(variant: Variant): Peer {
  const { name, logs } = variant;
  return {
    name,
    about: `HAProxy, one thread, Tecnativa's rules, ${variant.about}`,
    ...(logs ? { log: "stderr" } : {}),
    command({ directory, socket, upstream }) {
      const file = `${directory}/haproxy.cfg`;
      Deno.writeTextFileSync(file, configuration(socket, upstream, variant));
      return { program: "/usr/sbin/haproxy", args: ["-db", "-f", file], env };
    },
  };
}

/** The fastest form that these rules can have. */
export const haproxySilent: Peer = haproxy({
  name: "haproxy",
  about: "engine connections kept and shared (which Tecnativa's configuration does not), no log",
});
export const haproxyLogging: Peer = haproxy({
  name: "haproxy-log",
  about: "the same, logging to a file",
  logs: true,
});
/** As people run it, but for the log. */
export const haproxyShipped: Peer = haproxy({
  name: "haproxy-shipped",
  about: "as it is shipped: a new engine connection for each request, but no log",
  closes: true,
});
