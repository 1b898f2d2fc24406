import type { Facts } from "./part.ts";

/**
 * Every engine socket that the gate connects to, the first one as it is on the host. Of the others a link is known: /var/run is
 * /run on every distribution with systemd (hier(7), file-hierarchy(7)), and the kernel's rules about files take no links.
 */
export function realSockets({ config, upstream }: Facts): string[] {
  const { listeners, authz } = config;
  const [first, ...others] = [
    ...listeners.map((listener) => listener.upstream),
    ...(authz === undefined ? [] : [authz.upstream]),
  ];
  const further = others.filter((path) => path !== first).map(withoutLink);
  return [...new Set([upstream, ...further])];
}

/** /var/run/docker.sock as /run/docker.sock. */
export function withoutLink(path: string): string {
  return path.replace(/^\/var\/run\//, "/run/");
}
