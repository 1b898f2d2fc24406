import { type Denial, denied } from "./finding.ts";
import { isOpen } from "./patterns.ts";
import type { ContainerSpec, Published } from "./spec.ts";
import type { Limits } from "./types.ts";
import { listWith, notAmong, shown } from "./wording.ts";

/** Ports of an address of the host; port 0 is one that the engine chooses. */
interface Range {
  /** Absent for every address. */
  readonly address?: string;
  readonly first: number;
  readonly last: number;
}

/** Ports that are published on the host: each of them must be in one of the ranges. */
export function judgePorts(
  limits: Limits,
  { published, publishAll }: Pick<ContainerSpec, "published" | "publishAll">,
): Denial | undefined {
  const allowed = limits.ports;
  if (isOpen(allowed)) return undefined;
  if (publishAll) {
    const reason = "PublishAllPorts publishes whatever the image exposes; name the ports";
    return denied("ports", reason, "ports: any");
  }
  const ranges = rangesOf(allowed);
  const outside = published.find((one) => !isInside(ranges, one));
  if (outside === undefined) return undefined;
  const { address, port } = outside;
  if (port === "" || port === "0") {
    const reason = `a port of the engine's choice ${notAmong(allowed)}; name one`;
    return denied("ports", reason, listWith("ports", allowed, "0"));
  }
  const value = address === ""
    ? port
    : `${address.includes(":") ? `[${address}]` : address}:${port}`;
  return denied("ports", `${shown(value)} ${notAmong(allowed)}`, listWith("ports", allowed, value));
}

function isInside(ranges: readonly Range[], { address, port }: Published): boolean {
  const asked = parsePorts(port === "" ? "0" : port);
  if (asked === undefined) return false;
  return ranges.some((range) =>
    (range.address === undefined || range.address === canonical(address)) &&
    range.first <= asked.first && asked.last <= range.last
  );
}

const parsed = new WeakMap<readonly string[], readonly Range[]>();

function rangesOf(patterns: readonly string[]): readonly Range[] {
  const found = parsed.get(patterns) ?? patterns.flatMap((text) => parseRange(text) ?? []);
  parsed.set(patterns, found);
  return found;
}

/** `8000-8999`, `127.0.0.1:8080`, `[::1]:80-90`; undefined for anything else, which allows nothing. */
export function parseRange(text: string): Range | undefined {
  const colon = text.lastIndexOf(":");
  const ports = parsePorts(text.slice(colon + 1));
  if (ports === undefined || colon < 0) return ports;
  const address = text.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return address === "" ? undefined : { ...ports, address: canonical(address) };
}

function parsePorts(text: string): { first: number; last: number } | undefined {
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first <= last ? { first, last } : undefined;
}

/** The shortest spelling of an IPv6 address. */
function canonical(address: string): string {
  if (!address.includes(":")) return address;
  try {
    return new URL(`http://[${address.toLowerCase()}]`).hostname.slice(1, -1);
  } catch {
    return address;
  }
}
