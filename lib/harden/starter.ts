/** Where the gate of a host has its configuration. */
export const CONFIG_FILE = "/etc/postern/postern.yaml";

/** The group that had the real socket, on hosts where somebody was put into it. */
const FORMER = "docker";

/**
 * A configuration to start from, for a host that has none: one intercept socket, for whoever could use the real one, with a
 * policy that changes nothing. `groupFile` is /etc/group's text.
 */
export function starterConfig(groupFile: string | undefined): string {
  const former = groupFile?.split("\n").some((line) => line.startsWith(`${FORMER}:`)) === true;
  const owner = former
    ? `    mode: 0660
    user: root
    group: ${FORMER} # who was in it had the real socket, and has this one now
`
    : `    mode: 0600 # root alone, until there is a group for it: mode: 0660, group: NAME
    user: root
`;
  return `# Written by \`postern harden\`, to begin with. \`postern check\` says what it gives to whom; README has more.
upstream: /var/run/docker.sock

listeners:
  - socket: /run/postern/docker.sock # DOCKER_HOST=unix:///run/postern/docker.sock
${owner}    policy: read-only # it lists, inspects and follows; deny, operator and full are others

default: deny
audit: stderr # the journal: journalctl -u postern
`;
}
