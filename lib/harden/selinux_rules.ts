// What the gate's domain may do, beside what is named in a configuration. Types that only some policies have are asked for one by
// one: an optional block whose names are not known is left out when the policy is put together.

/** What it reads: its packages and sources, libraries, users and groups, certificates, what the kernel tells. */
const read =
  `bin_t cert_t cgroup_t etc_t init_var_run_t ld_so_cache_t ld_so_t lib_t locale_t passwd_file_t proc_t random_device_t
  root_t sysctl_kernel_t sysctl_net_t sysctl_t sysctl_vm_overcommit_t sysctl_vm_t sysfs_t systemd_userdbd_runtime_t tmpfs_t
  urandom_device_t usr_t var_lib_t var_run_t var_t device_t sysctl_crypto_t`;
const mapped = "ld_so_cache_t ld_so_t lib_t locale_t bin_t usr_t etc_t passwd_file_t";
const executed = "ld_so_t lib_t textrel_shlib_t";
const devices = "null_device_t random_device_t urandom_device_t zero_device_t";

/** Who starts it. */
const starters = ["init_t", "initrc_t", "unconfined_service_t"];
/** Who makes the engine's socket: systemd, or the engine by itself. */
const engines = [
  ...["init_t", "initrc_t", "unconfined_service_t"],
  ...["dockerd_t", "container_engine_t", "container_runtime_t"],
];
/** Who gives labels, and looks after files. */
const keepers = ["setfiles_t", "systemd_tmpfiles_t", "unconfined_t", "sysadm_t"];

const stream =
  "accept append bind connect create getattr getopt ioctl listen read setattr setopt shutdown write";
const datagram = "bind connect create getattr getopt ioctl read setopt write";
const keepFile = "getattr relabelfrom relabelto setattr unlink";

/** The rules that are the same for every configuration. `capabilities`: it begins as root and becomes another user. */
export function domainRules(capabilities: boolean): string[] {
  return [
    "; What it is made of: the runtime compiles what it runs (execmem).",
    "(allow postern_t self (process (execmem fork getcap getsched setcap setrlimit setsched sigchld sigkill signal signull)))",
    "(allow postern_t self (fifo_file (getattr ioctl read write)))",
    `(allow postern_t self (unix_stream_socket (${stream} connectto)))`,
    `(allow postern_t self (unix_dgram_socket (${datagram} sendto)))`,
    ...(capabilities
      ? [
        "(allow postern_t self (capability (chown dac_override dac_read_search fowner setgid setpcap setuid)))",
      ]
      : []),
    "",
    "; The way to every file, which must be trusted folder by folder.",
    "(allow postern_t file_type (dir (getattr search)))",
    "(allow postern_t file_type (lnk_file (getattr read)))",
    "",
    "; What it reads, and libraries.",
    ...words(read).map((type) =>
      optional(`read_${type}`, [
        `(allow postern_t ${type} (dir (getattr open read search)))`,
        `(allow postern_t ${type} (file (getattr ioctl open read)))`,
        `(allow postern_t ${type} (lnk_file (getattr read)))`,
      ])
    ),
    optional("watch_etc_t", [
      "(allow postern_t etc_t (dir (watch)))",
      "(allow postern_t etc_t (file (watch)))",
    ]),
    ...words(mapped).map((type) =>
      optional(`map_${type}`, [`(allow postern_t ${type} (file (map)))`])
    ),
    ...words(executed).map((type) =>
      optional(`execute_${type}`, [
        `(allow postern_t ${type} (file (execute getattr map open read)))`,
      ])
    ),
    ...words(devices).map((type) =>
      optional(`device_${type}`, [
        `(allow postern_t ${type} (chr_file (getattr ioctl open read write)))`,
      ])
    ),
    "",
    "; Who is calling: program and container of every other process.",
    "(allow postern_t domain (dir (getattr open read search)))",
    "(allow postern_t domain (file (getattr open read)))",
    "(allow postern_t domain (lnk_file (getattr read)))",
    "",
    "; systemd starts it, hands it its sockets, and is told how it is.",
    ...starters.flatMap((type) => [
      optional(`start_${type}`, [
        `(typetransition ${type} postern_exec_t process postern_t)`,
        `(allow ${type} postern_exec_t (file (execute getattr ioctl map open read)))`,
        `(allow ${type} postern_t (process (getattr noatsecure rlimitinh sigchld siginh sigkill signal signull sigstop transition)))`,
        `(allow ${type} postern_t (unix_stream_socket (${stream})))`,
        `(allow postern_t ${type} (fd (use)))`,
        `(allow postern_t ${type} (fifo_file (getattr ioctl read write)))`,
        `(allow postern_t ${type} (process (sigchld)))`,
        `(allow postern_t ${type} (unix_stream_socket (getattr getopt ioctl read write)))`,
        `(allow postern_t ${type} (unix_dgram_socket (sendto)))`,
      ]),
      optional(`renounced_${type}`, [
        `(allow ${type} postern_t (process2 (nnp_transition nosuid_transition)))`,
      ]),
      optional(`keep_${type}`, [
        `(allow ${type} postern_var_t (dir (add_name create getattr open read relabelfrom relabelto remove_name rmdir search setattr write)))`,
        `(allow ${type} postern_var_t (sock_file (create write ${keepFile})))`,
      ]),
    ]),
    ...["init_runtime_t", "init_var_run_t", "systemd_notify_runtime_t"].map((type) =>
      optional(`notify_${type}`, [
        `(allow postern_t ${type} (dir (search)))`,
        `(allow postern_t ${type} (sock_file (getattr write)))`,
      ])
    ),
    "",
    "; Its own sockets and records, which everybody may come to: the gate decides.",
    "(allow postern_t postern_var_t (dir (add_name getattr lock open read remove_name search setattr watch write)))",
    "(allow postern_t postern_var_t (file (append create getattr ioctl link lock open read rename setattr unlink write)))",
    "(allow postern_t postern_var_t (sock_file (create getattr link rename setattr unlink write)))",
    "(allow domain postern_var_t (dir (getattr search)))",
    "(allow domain postern_var_t (sock_file (getattr write)))",
    "(allow domain postern_t (unix_stream_socket (connectto)))",
    "",
    "; The real socket: it alone may connect. The type is no file_type: rules for all files, such as",
    "; those of unconfined domains, do not reach it.",
    "(allow postern_t postern_engine_t (sock_file (getattr write)))",
    ...engines.map((type) =>
      optional(`engine_${type}`, [
        `(allow ${type} postern_engine_t (sock_file (create ${keepFile})))`,
        `(allow postern_t ${type} (unix_stream_socket (connectto)))`,
      ])
    ),
    ...keepers.map((type) =>
      optional(`keeper_${type}`, [`(allow ${type} postern_engine_t (sock_file (${keepFile})))`])
    ),
    ...["fs_t", "tmpfs_t"].map((type) =>
      optional(`on_${type}`, [`(allow postern_engine_t ${type} (filesystem (associate)))`])
    ),
  ];
}

/** For listeners on TCP. */
export const tcpRules = [
  "; Listeners on TCP.",
  `(allow postern_t self (tcp_socket (${stream})))`,
  optional("tcp_port", ["(allow postern_t port_type (tcp_socket (name_bind)))"]),
  optional("tcp_node", ["(allow postern_t node_type (tcp_socket (node_bind)))"]),
];

/** For raw listeners, which lead to other programs' sockets, of types that are not known here. */
export const rawRules = [
  "; Raw listeners: any other socket that its group and mode let it connect to.",
  "(allow postern_t file_type (sock_file (getattr write)))",
  "(allow postern_t domain (unix_stream_socket (connectto)))",
];

function optional(name: string, rules: readonly string[]): string {
  if (rules.length === 1) return `(optional postern_${name} ${rules[0]})`;
  return `(optional postern_${name}\n${rules.map((rule) => `  ${rule}\n`).join("")})`;
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
