/** Who the gate runs as, unless `run_as` names another. */
export const GATE_USER = "postern";

/**
 * The group that alone may connect to the real socket. It is not `docker`: whoever was put into that one, often long ago, would
 * keep what is root on this host.
 */
export const ENGINE_GROUP = "postern-engine";

/** What an account may be called that units, rules and commands of root's name (useradd(8), systemd's "User/Group Name Syntax"). */
export const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@-]*$/;

/** Where `harden` keeps what it replaced, and the list of it. */
export const KEPT = "/var/lib/postern/harden";
