/** Who the gate runs as, unless `run_as` names another. */
export const GATE_USER = "postern";

/**
 * The group that alone may connect to the real socket. It is not `docker`: whoever was put into that one, often long ago, would
 * keep what is root on this host.
 */
export const ENGINE_GROUP = "postern-engine";

/** Where `harden` keeps what it replaced, and the list of it. */
export const KEPT = "/var/lib/postern/harden";
