import { ascii } from "../http/characters.ts";
import { isLoopback, parseAddress } from "./address.ts";

/**
 * Why a request seems to come from a page of somebody else's that a browser on this machine shows; undefined where it does not. Every
 * page can send requests to 127.0.0.1 (its origin tells, and `Sec-Fetch-Site`), and where its name is looked up anew and is
 * 127.0.0.1 then, read the answers, too (DNS rebinding: the name stands in Host). Programs have no origin, and call this
 * machine localhost or by an address. Takes a whole head that parseRequestHead has taken.
 */
export function foreignPage(bytes: Uint8Array, start: number, end: number): string | undefined {
  for (const [, name, value] of ascii(bytes, start, end).matchAll(FIELD)) {
    switch (name!.toLowerCase()) {
      case "host":
        if (!isOurs(value!)) return `it calls this machine ${shown(value!)}`;
        break;
      case "origin":
        if (!isHere(/^https?:\/\/([^/]*)$/i.exec(value!)?.[1] ?? "")) {
          return `its origin is ${shown(value!)}`;
        }
        break;
      default:
        if (!/^(?:none|same-origin)$/i.test(value!)) {
          return `the browser says that it is ${shown(value!)}`;
        }
    }
  }
  return undefined;
}

/** Lines are not folded, and end in CR LF. */
const FIELD = /^(host|origin|sec-fetch-site):[ \t]*(.*?)[ \t]*\r$/gim;

/** No name that somebody else can be given: an address, one without a dot, or this machine's own. */
function isOurs(host: string): boolean {
  return addressOf(host) !== undefined || /^[a-z0-9_-]*(?::[0-9]*)?$/i.test(host) || isHere(host);
}

/** This machine alone: `localhost`, what is below it (RFC 6761 §6.3), and its addresses. */
function isHere(host: string): boolean {
  const address = addressOf(host);
  return address === undefined
    ? /^(?:[a-z0-9_-]+\.)*localhost(?::[0-9]*)?$/i.test(host)
    : isLoopback(address);
}

function addressOf(host: string) {
  const [, six, four] = /^(?:\[([0-9a-f:.]*)\]|([0-9.]*))(?::[0-9]*)?$/i.exec(host) ?? [];
  return parseAddress(six ?? four ?? "");
}

function shown(value: string): string {
  return value.slice(0, 100).replace(/[^!-~]/g, "?");
}
