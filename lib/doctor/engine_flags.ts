/** dockerd's flags that take no value (moby, cmd/dockerd/config.go). */
const switches = new Set([
  ...["debug", "experimental", "help", "icc", "init", "ip-forward", "ip-masq", "ip6tables"],
  ...["iptables", "ipv6", "live-restore", "no-new-privileges", "raw-logs", "rootless"],
  ...["selinux-enabled", "tls", "tlsverify", "userland-proxy", "validate", "version"],
]);

const letters: Readonly<Record<string, string>> = {
  H: "host",
  D: "debug",
  G: "group",
  h: "help",
  l: "log-level",
  p: "pidfile",
  s: "storage-driver",
  v: "version",
};

/**
 * dockerd's flags by their long names, each with its values in their order: "" where a switch has none. As pflag reads them:
 * `--host=x`, `--host x`, `-H x`, `-Hx`, `-H=x`, and `-DHx`.
 */
export function readFlags(words: readonly string[]): Map<string, string[]> {
  const flags = new Map<string, string[]>();
  const add = (name: string, value: string) => flags.set(name, [...flags.get(name) ?? [], value]);
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === "--") break;
    const [, name, value] = /^--([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name !== undefined) {
      const takesNext = value === undefined && !switches.has(name) &&
        words[at + 1]?.startsWith("-") === false;
      add(name, value ?? (takesNext ? words[++at]! : ""));
      continue;
    }
    if (!/^-[A-Za-z]/.test(word)) continue;
    for (let letter = 1; letter < word.length; letter++) {
      const long = letters[word[letter]!] ?? word[letter]!;
      const rest = word.slice(letter + 1);
      if (switches.has(long) && !rest.startsWith("=")) {
        add(long, "");
        continue;
      }
      add(long, rest !== "" ? rest.replace(/^=/, "") : words[++at] ?? "");
      break;
    }
  }
  return flags;
}

/** A flag's value as its setting in daemon.json would be; a switch's as Go reads it (strconv.ParseBool). */
export function valueOf(name: string, said: string): unknown {
  if (!switches.has(name)) return said;
  return said === "" || /^(?:1|t|T|true|TRUE|True)$/.test(said);
}
