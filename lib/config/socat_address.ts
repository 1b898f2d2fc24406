import { closest } from "../policy/suggest.ts";

/** A socat address, `TYPE:PATH,option,option=value`, with the type and the option names in lower case. */
export interface SocatAddress {
  readonly type: string;
  readonly path: string;
  readonly options: readonly { readonly name: string; readonly value?: string }[];
}

/** Every spelling of an option that socat(1) has for a unix socket's file, by the option that it means here. */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  mode: ["mode", "perm", "perm-early"],
  user: ["user", "uid", "owner", "user-early", "uid-e"],
  group: ["group", "gid", "group-early", "gid-e"],
  fork: ["fork"],
  unlink: ["unlink", "unlink-early", "unlink-close"],
  umask: ["umask"],
  backlog: ["backlog"],
  "max-children": ["max-children", "maxchildren"],
  policy: ["policy"],
};

/** Takes an address apart; socat's quoting is refused rather than taken for a part of the path. */
export function parseAddress(text: string): SocatAddress | { readonly problem: string } {
  if (/[\\"'([{]/.test(text)) {
    return { problem: `${text}: quotes, brackets and backslashes are not supported in addresses` };
  }
  const [head = "", ...options] = text.split(",");
  const colon = head.indexOf(":");
  return {
    type: (colon < 0 ? head : head.slice(0, colon)).toLowerCase(),
    path: colon < 0 ? "" : head.slice(colon + 1),
    options: options.map((option) => {
      const equals = option.indexOf("=");
      if (equals < 0) return { name: option.toLowerCase() };
      return { name: option.slice(0, equals).toLowerCase(), value: option.slice(equals + 1) };
    }),
  };
}

/** The values of a listening address's options, each by its first spelling; what is not understood goes to `report`. */
export function readOptions(
  { options }: SocatAddress,
  report: (problem: string) => void,
): Map<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const { name, value } of options) {
    const meant = Object.keys(SPELLINGS).find((option) => SPELLINGS[option]?.includes(name));
    if (meant === undefined) {
      const near = closest(name, Object.values(SPELLINGS).flat());
      const hint = near === undefined
        ? `the options are ${Object.keys(SPELLINGS).join(", ")}`
        : `did you mean ${near}`;
      report(`unknown option ${JSON.stringify(name)}: ${hint}`);
    } else if (meant === "fork" || meant === "unlink") {
      // Flags take 0 or 1 in socat; "off" would ask for what Postern does not do.
      if (value === undefined || value === "1") found.set(meant, value);
      else report(`${name}=${value} is not supported: write ${name} or leave it out`);
    } else if (found.has(meant)) {
      report(`${meant} is given twice`);
    } else if (value === undefined || value === "") {
      report(`${name} needs a value: ${name}=…`);
    } else found.set(meant, value);
  }
  return found;
}
