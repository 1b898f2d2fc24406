import type { Facts } from "./part.ts";

/** Every file that a gate reads at its start: the configuration, its policies, and the certificates and keys of its listeners. */
export function readFiles({ config, configFile }: Pick<Facts, "config" | "configFile">): string[] {
  const { listeners, policyFiles } = config;
  const files = [
    configFile,
    ...policyFiles.map(({ file }) => file),
    ...listeners.flatMap(({ tls }) => Object.values(tls?.files ?? {})),
  ];
  return [...new Set(files)];
}
