const overview = `postern: a gate in front of the Docker Engine's unix socket

Usage:
  postern serve [-c postern.yaml]         run the gate
  postern UNIX-LISTEN:PATH[,options] UNIX-CONNECT:PATH
                                          the same gate, written as socat addresses
  postern authz [-c FILE]                 answer dockerd's own questions: its authorization plugin
  postern check [-c FILE]                 validate the configuration and its policies
  postern explain --uid N METHOD PATH     which rule decides about a request, and why
  postern explain --uid N -- docker …     the same for what a docker command would send
  postern schema config|policy            the JSON Schema of a file, for editors
  postern import KIND FILE...             a configuration from the rules of another proxy
  postern doctor                          what is wrong on this host, and what to do about it
  postern harden plan|apply|revert        keep others from the real socket: shown, done, undone
  postern watch                           tell of connections that come around the gate
  postern guard                           let nobody but Postern connect to the real socket, by the kernel
  postern demo                            try it, with or without Docker
  postern COMMAND --help                  more on a command
  postern --version

Exit codes: 0 fine, 1 the answer is no, 2 usage, 3 cannot start
`;

const configuration =
  `  -c, --config FILE    the configuration; default: $POSTERN_CONFIG, ./postern.yaml,
                       /etc/postern/postern.yaml, whichever is there first
      --env            take the variables of Tecnativa's or LinuxServer's image instead
      --upstream PATH  the engine's socket, instead of the file's (also $POSTERN_UPSTREAM)
      --audit WHERE    stderr, off or a file, instead of the file's (also $POSTERN_AUDIT)
      --workers N      relay threads, instead of the file's (also $POSTERN_WORKERS)
`;

const topics: Readonly<Record<string, string>> = {
  "": overview,
  serve: `postern serve: run the gate until SIGTERM, SIGINT, SIGQUIT or SIGUSR2

Usage: postern serve [options]

${configuration}
Changes of the configuration and of its policies count at once, or after SIGHUP with
"reload: { watch: false }". With a mistake in them, everything stays as it was, and the log says
what is wrong. Requests on open connections are judged by the new policies; what runs and is not
allowed any more is ended, or goes on with "reload: { revoke: keep }". audit, workers and log need
a restart. SIGHUP also opens the audit file anew, for logrotate.

With --env, or by itself where no configuration is named or found and a variable of theirs is set, the
environment of tecnativa/docker-socket-proxy is the configuration: POST, CONTAINERS and the other
sections, ALLOW_START, ALLOW_STOP, ALLOW_RESTARTS, SOCKET_PATH, LOG_LEVEL. LinuxServer's further
variables (ALLOW_LOGS, LIBPOD_PODS, ...) choose the rules of its image; so does
POSTERN_ENV=linuxserver, and POSTERN_ENV=tecnativa the others. There is no port: it listens on
BIND_CONFIG="unix@/PATH mode 660 group GROUP", or unix@/run/postern/docker.sock with mode 600, and
DISABLE_IPV6 does nothing. POSTERN_SAFE=1 judges bodies as policies of Postern's own do.

Told to end, it takes nobody new, lets requests and streams go on for "drain" (10s), and ends; told
again, it ends at once. It takes up sockets that systemd hands over ($LISTEN_FDS), for listeners of
their FileDescriptorName= or path, and tells systemd how it is ($NOTIFY_SOCKET, $WATCHDOG_USEC).

The log goes to standard error, and so does the audit log unless a file is configured.
`,
  authz:
    `postern authz: answer the engine's own questions, as its authorization plugin, by the same policies

Usage: postern authz [options]

${configuration}      --socket PATH    where the engine asks, instead of the file's; default:
                       /run/docker/plugins/postern.sock, where dockerd finds it by itself

The configuration says who may do what; "serve" opens the plugin, too, and "authz" no listener:

  authz:
    anonymous: full         # everybody on the engine's own socket, root included: no name, no uid
    users:                  # by the common name of the client's TLS certificate
      alice: team-ci
    default: deny           # certificates with other names

Then write "authorization-plugins": ["postern"] into /etc/docker/daemon.json, and start Postern before
dockerd (Before=docker.service): dockerd does not start without its plugins, and serves nothing while
one does not answer. Taking the line out of daemon.json undoes it.

With "seal: true" and "serve", what comes through Postern's own sockets passes: dockerd refuses what
comes around them, as "anonymous: deny" says, but for certificates in "users". While root keeps a file
at "break_glass" (/etc/postern/break-glass), everybody on dockerd's own socket passes.

What is judged by its body is denied where dockerd does not show it whole: when it is sent in chunks,
or has 1 MiB or more. A plugin can change nothing: what a policy sets must stand in the requests
themselves, and limits of a policy do not count. It ends as serve does.
`,
  check: `postern check: validate the configuration and its policies, and say what they give

Usage: postern check [options]

${configuration}      --tests FILE     hold the policies against a table of requests and expected decisions
      --json           the result as JSON

A table, for a team's own CI:

  policy: team-ci                 # or uid:, gid:, groups: and listener:
  tests:
    - name: mounts of /etc are denied
      request: POST /v1.41/containers/create
      body: { Image: alpine, HostConfig: { Binds: ["/etc:/x"] } }
      expect: deny                # or allow
      constraint: host_mounts     # which one must deny it
    - name: our containers can be stopped
      command: docker stop web
      expect: allow
      answers: { "container web": { Id: …, Name: /web, Config: { Labels: { team: ci } } } }

Nobody is asked for what a decision depends on: answers has it, null stands for what is not there.

Exit codes: 0 valid and as expected, 1 not valid (with all problems as file:line:column) or not as
expected, 2 usage
`,
  explain: `postern explain: which rule decides about a request, why, and what would allow it

Usage: postern explain [options] METHOD PATH
       postern explain [options] -- docker COMMAND [ARG...]

METHOD is upper case and PATH begins with /, as in GET /v1.41/info. Of a docker command line, each
of the requests that docker would make is explained. Where the listener is raw, there is no request:
the connection is judged, and neither is needed.

${configuration}      --uid N          the caller's uid, or --user NAME for its uid and groups
      --user NAME
      --gid GROUP      the caller's primary group, by number or name
      --groups LIST    its supplementary groups, such as 27,docker; '' for none
      --listener NAME  the listener it calls; default: the only one
      --body FILE      the request's body, JSON; - for standard input
      --offline        do not ask the engine what a name means; links on this host are not followed
      --json           the result as JSON

Where a decision depends on what is there (a container's labels, an image's name), the engine behind
the listener is asked, as the gate does; the request itself is never made.

Exit codes: 0 allowed, 1 denied, undecided, or kept out by the socket's mode, 2 usage, 3 the
configuration is not valid
`,
  schema: `postern schema: the JSON Schema (draft 2020-12) of postern.yaml or of a policy file

Usage: postern schema config|policy

It goes to standard output. Save it, and name it in the first line of a file for editors to complete
and check what is written:

  # yaml-language-server: $schema=/etc/postern/policy.schema.json

What takes more than a schema (paths, ports, names of users, of other policies) is checked by
\`postern check\` alone.
`,
  import: `postern import: a configuration and a policy from the rules of another proxy

Usage: postern import KIND FILE... [options]

KIND and what FILE is (- for standard input):
  tecnativa      variables of tecnativa/docker-socket-proxy: NAME=value lines, a docker run command
                 line, or a compose file
  linuxserver    the same for lscr.io/linuxserver/socket-proxy
  wollomatic     flags or variables of wollomatic/socket-proxy, in the same kinds of files
  cetusguard     files of rules, or a compose file with CETUSGUARD_RULES
  sockguard      sockguard's YAML

      --out DIR        write DIR/postern.yaml and DIR/policies/KIND.yaml; default: standard output
      --service NAME   the service of the compose file that is meant, when its image does not tell

The rules become operations. Patterns are anchored at both ends and their alternatives grouped. What
means something else than it did is said on standard error, and in the policy's comments: read that
before you use it.

Exit codes: 0 written, 1 the files cannot be read or written, 2 usage
`,
  harden: `postern harden: keep others from the real socket; shown, done and undone by one command

Usage: postern harden plan   [options] [--shell]
       postern harden apply  [options] [--force]
       postern harden revert [options] [--force]

  -c, --config FILE    the gate's configuration; default: /etc/postern/postern.yaml, which is written
                       where there is none (one socket, read-only, for who was in the group docker)
      --only PART,...  only these parts
      --root DIR       the tree below DIR instead of this host; of commands, only those that can be
                       told of another root
      --shell          print the plan as a script for sh, to read, change and run
      --force          write or put back files that were changed by hand since

plan shows the difference of every file, every command, and why, and changes nothing. apply does it,
ends with what doctor says, and does nothing when it is called again; before each change it keeps
what was there, in /var/lib/postern/harden. revert puts exactly that back, with modes, owners and what
was not there, also after an apply that was cut off. The parts, in their order:

  sockets     the group postern-engine, the user postern, and the real socket root:postern-engine 0660:
              at once, and by a drop-in for docker.socket for good (without one, by daemon.json)
  systemd     postern.service, with the fewest rights, and a unit for each listener's socket
  audit       rules that record a connect to the real socket that is not the gate's
  apparmor    a profile for the gate, and a snippet that keeps a container's profile from the socket
  selinux     the same as a module
  containers  Postern's own container, ready to run, and its seccomp profile
  daemon      daemon.json: live-restore, and Postern as the engine's plugin where "authz" is configured

The service starts what this command was started as: the compiled executable, or Deno and main.ts,
which must belong to root and stand outside of homes and /tmp (/opt/postern, /usr/local). dockerd is
never restarted. Exit code 1: nothing was changed, and why; or a command failed, and apply goes on
from there.
`,
  doctor: `postern doctor: what is wrong on this host around the gate, with evidence and what to do

Usage: postern doctor [options]

  -c, --config FILE    the configuration; default: $POSTERN_CONFIG, ./postern.yaml,
                       /etc/postern/postern.yaml, whichever is there first
      --root DIR       look at the files below DIR alone, as on a disk that is mounted there; what
                       looks at what runs is left out
      --json           the result as JSON

It looks at the real socket (mode, owner, access list, folders, its group's members, who is connected
or waits to pass it on, what has it mounted), the engine (containers that mount it or are privileged,
TCP without TLS, its plugin, its settings), the gate itself (configuration, sockets, user, unit, access
profile, records), audit rules (which of them record a connect, and why others do not) and the kernel.
It changes nothing, and starts no engine. Without a configuration the engine is the one that
$DOCKER_HOST names, or /var/run/docker.sock.

  WRONG    somebody gets around the gate, or can: the answer is 1
  advice   it could be safer
  unknown  could not be read; most of that can as root
  fine     as it should be

A fix is lines for a shell: commands as they are to be typed, and comments for what none does.

Exit codes: 0 nothing is wrong, 1 something is, 2 usage
`,
  watch: `postern watch: tell of every connection to the real socket that does not come from Postern

Usage: postern watch [options]

${configuration}
      --source NAME    ebpf: read out of the kernel with bpftrace; audit: from auditd's log, by the
                       rules of "postern harden apply --only audit"; default: ebpf where it works
      --all            Postern's own connections, too
      --gate-cgroup LIST   where Postern runs, when it is in a container: /postern.slice
      --json           one JSON object a line, with all that is known
      --exec CMD       run CMD for each bypass: words without a shell, quotes keep them together. It
                       finds POSTERN_TIME, _SOCKET, _RESULT, _UID, _USER, _PID, _COMM, _EXE, _COMMAND,
                       _CONTAINER, _PARENT_PID and _PARENT_EXE in its environment, and the JSON on its
                       standard input; what it prints is thrown away. Four run at once, for 30 s
                       each, and a hundred wait

A connection is told by the file that it leads to, whatever its name: through links, bind mounts and in
containers. Refused attempts are told with the reason. Postern's own are those of the processes that
listen on its sockets; the configuration says which those are. Who listens there from inside a container
is told of, and not taken for Postern unless --gate-cgroup names its cgroup. What could not be followed
is said on standard error, and as {"event":"missed"} in JSON.

ebpf needs root, bpftrace, tracefs and the kernel's BTF; audit needs root and a running auditd; from
its sources, Postern needs Deno's --allow-run as well. --exec gets strings that processes have chosen:
quote them. It ends with SIGINT, SIGTERM, SIGHUP or SIGQUIT.

Exit codes: 0 ended by a signal, 2 usage, 3 the configuration is not valid, there is no source, or it failed
`,
  guard:
    `postern guard: let nobody but Postern connect to the real socket, by a program in the kernel

Usage: postern guard [options]

  -c, --config FILE    the configuration, as for serve (also --env, --upstream)
      --audit          refuse nobody; only tell who would be refused
      --allow-uid LIST     users who may connect, too: uids or names, such as backup,2000. 0 is root in
                           containers, too
      --allow-cgroup LIST  what runs in these cgroups, or below: /system.slice/postern.service
      --pin            keep the seal when this guard ends, in /sys/fs/bpf/postern
      --status         what is pinned; exit 1 when nothing is
      --unpin          end what is pinned
      --json           refusals, status and unpin as JSON lines

Runs until SIGTERM or SIGINT, as root, beside "serve". Everybody else, root included, gets EPERM from
connect(2), also through io_uring, and a line on standard output. Who may connect: the processes that
hold Postern's own sockets, each by its pid and the moment it began, and who is named. A holder counts
when only root can have put the socket there, or when it is root's or run_as's; never in a container,
which must be named (docker run --cgroup-parent postern.slice, --allow-cgroup /postern.slice). A socket
that dockerd makes anew is sealed from its first moment. Connections that are there already go on; what
goes around connect(2), as a process that is given an open connection, is not seen.

The guard itself must run among the host's own processes. Without --pin the seal ends with it. With
--pin it holds, and nobody follows: a Postern that starts anew cannot connect until "postern guard
--pin" runs again, which takes the old seal's place without a gap. So run it as a service with
Restart=always. Root can take the pins away ("postern guard --unpin"): the guard stops programs that
are not meant to, and tells, but root owns the kernel.

Needs a kernel with CONFIG_BPF_LSM and bpf in its lsm= parameter. Where it has not, "authz: { seal: true }"
lets dockerd itself refuse what comes around Postern.

Exit codes: 0 ended, 1 nothing is pinned (--status, --unpin), 2 usage, 3 the kernel cannot, or the
configuration is not valid
`,
  demo: `postern demo: see the gate at work

Usage: postern demo [options]

      --keep           leave the demo's sockets open until Ctrl-C

Uses the engine at $DOCKER_HOST, or at /var/run/docker.sock when that is not set; where none
listens there, a small one that is built in. A real engine gets: version, info, and the lists of
containers and images, and requests to create a container of an image and to start one whose names
are random, which it answers with 404. What else would change something is denied, and does not reach it.

The sockets are yours alone. As root, the demo calls as users that do not exist on this machine
(uids from 61001), and only they and root get past its rules.
`,
  socat: `postern UNIX-LISTEN:PATH[,options] UNIX-CONNECT:PATH: the gate as a drop-in for socat

Options of UNIX-LISTEN, as in socat: mode=, user=, group=, umask=, backlog=, max-children=, fork,
unlink-early, unlink-close. Postern's own: policy= (deny, read-only, operator or full; read-only
unless said). A relative path begins at the current directory.

mode= is octal, such as 660. Without it, umask=007 makes the mode 0770; without either it is 0600.

$POSTERN_AUDIT and $POSTERN_WORKERS count as they do for serve. UNIX-CONNECT takes no options, and
socat's own, such as -d, are not supported.
`,
};

/** The help text of a subcommand, or of Postern for "". */
export function help(topic: string): string | undefined {
  return Object.hasOwn(topics, topic) ? topics[topic] : undefined;
}
