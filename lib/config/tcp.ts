import { type AddressBytes, formatAddress, isLoopback, parseAddress } from "../policy/address.ts";
import { got } from "./got.ts";
import type { Parsed } from "./values.ts";

/** Where a listener takes connections over TCP. */
export interface TcpPlace {
  readonly address: AddressBytes;
  readonly port: number;
}

/** Reads `tcp://127.0.0.1:2375` or `tcp://[::1]:2375`: an address, no name, which could become another's. */
export function parseTcpPlace(text: string): Parsed<TcpPlace> {
  const [, host, port] = /^tcp:\/\/(.*):([0-9]{1,5})\/?$/s.exec(text) ?? [];
  if (host === undefined) {
    return {
      problem: `must be an address and a port like tcp://127.0.0.1:2375: ${got(text)}`,
      ...(text.startsWith("/") || text.startsWith("unix:")
        ? { hint: `a unix socket is written socket: ${text.replace(/^unix:\/\//, "")}` }
        : {}),
    };
  }
  const [, inner] = /^\[(.*)\]$/s.exec(host) ?? [];
  const address = inner === undefined && host.includes(":")
    ? undefined
    : parseAddress(inner ?? host);
  if (address === undefined) {
    const hint = host === "localhost"
      ? "write tcp://127.0.0.1"
      : host === ""
      ? "write tcp://127.0.0.1, or tcp://[::] for every address of this machine"
      : "names are not looked up; an address of IPv6 stands in brackets, as in tcp://[::1]:2375";
    return { problem: `must have an IP address before the port: ${got(text)}`, hint };
  }
  const number = Number(port);
  return number >= 1 && number <= 65_535
    ? { value: { address, port: number } }
    : { problem: `must have a port from 1 to 65535: ${got(text)}` };
}

/** `tcp://[::1]:2375`: the one way in which a place is written in messages and compared. */
export function formatTcpPlace({ address, port }: TcpPlace): string {
  const text = formatAddress(address);
  return `tcp://${text.includes(":") ? `[${text}]` : text}:${port}`;
}

/** Whether others than this machine's own programs could reach it. */
export function isOpenToOthers({ address }: TcpPlace): boolean {
  return !isLoopback(address);
}
