import { loadConfig } from "../../../lib/config/load.ts";
import { accounts, nameService } from "../../../lib/doctor/accounts.ts";
import type { Configured } from "../../../lib/doctor/facts.ts";
import { rootedFs } from "../../../lib/doctor/rooted_fs.ts";
import { hostOf } from "./fake_host.ts";

const FILE = "/etc/postern/postern.yaml";

/** The configuration that a text is, as the loader reads it on a made-up host. */
export function configOf(text: string): Configured {
  const host = hostOf({ files: { [FILE]: text, "/var/log/postern/kept": "" } });
  const loaded = loadConfig({
    file: FILE,
    env: {},
    overrides: {},
    names: nameService(accounts(host)),
    fs: rootedFs(host),
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  return { file: FILE, config: loaded.config, problems: [] };
}

/** One listener at /run/postern/ci.sock with mode 0660 and the group docker. */
export const oneListener = `
listeners:
  - { socket: /run/postern/ci.sock, mode: 0660, user: root, group: docker, policy: read-only }
`;
