import { wrong } from "./units.ts";

interface Binding {
  HostIp?: string;
  HostPort?: string;
}

type Range = readonly [first: number, last: number];

/** `-p [IP:][HOST:]CONTAINER[/PROTOCOL]`, each of them a port or a range (go-connections nat.ParsePortSpec). */
export function portBindings(flags: readonly string[]): Record<string, Binding[]> {
  const found: Record<string, Binding[]> = {};
  for (const flag of flags) {
    const { ip, host, container, protocol } = taken(flag);
    const inside = range(flag, container);
    const outside = host === "" ? undefined : range(flag, host);
    const many = inside[1] - inside[0];
    if (outside !== undefined && many > 0 && outside[1] - outside[0] !== many) {
      throw wrong("-p", "ranges of the same length", flag);
    }
    for (let i = 0; i <= many; i++) {
      // A range outside for one port inside: the engine chooses.
      const hostPort = outside === undefined ? "" : many === 0 ? host : String(outside[0] + i);
      const binding = {
        ...(ip === "" ? {} : { HostIp: ip }),
        ...(hostPort === "" ? {} : { HostPort: hostPort }),
      };
      (found[`${inside[0] + i}/${protocol}`] ??= []).push(binding);
    }
  }
  return found;
}

/** `--expose 80`, `--expose 8000-8003/udp`. */
export function exposed(flags: readonly string[]): string[] {
  return flags.flatMap((flag) => {
    const [ports, protocol = "tcp"] = flag.split("/", 2) as [string, string?];
    const [first, last] = range(flag, ports);
    return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${protocol}`);
  });
}

function taken(flag: string) {
  const match = /^(?:(?:(\[[^\]]*\]|[^:[\]]*):)?([^:]*):)?([^:/]+)(?:\/([a-z]+))?$/i.exec(flag);
  if (match === null) throw wrong("-p", "a port like 8080:80", flag);
  const [, ip = "", host = "", container, protocol = "tcp"] = match;
  return {
    ip: ip.replace(/^\[|\]$/g, ""),
    host,
    container: container!,
    protocol: protocol.toLowerCase(),
  };
}

function range(flag: string, text: string): Range {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1] ?? -1);
  const last = Number(match?.[2] ?? first);
  if (match === null || last < first || last > 65_535) {
    throw wrong("-p", "a port like 8080:80", flag);
  }
  return [first, last];
}
