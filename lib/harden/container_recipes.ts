import { stringify } from "yaml";
import { type Container, CONTAINERS } from "./container.ts";

/** Where the numbers of the gate's user and groups on this host are kept for the recipes: an image knows no names of the host's. */
export const IDS = `${CONTAINERS}/ids.env`;

/** Enough for the runtime's threads and for many workers; nothing is ever started. */
const MAX_TASKS = 128;

/** What both engines' command lines take in the same way, after `run`. */
function options({ groups, seccomp, volumes }: Container): string[] {
  return [
    "--network none",
    "--read-only",
    "--cap-drop ALL",
    "--security-opt no-new-privileges",
    `--security-opt seccomp=${seccomp}`,
    `--pids-limit ${MAX_TASKS}`,
    "--ipc none",
    "--pid host",
    "--cgroupns host",
    "--userns host",
    '--user "$POSTERN_UID:$POSTERN_GID"',
    '--group-add "$ENGINE_GID"',
    ...groups.map((gid) => `--group-add ${gid}`),
    ...volumes.map(([source, place, access]) => `--volume ${source}:${place}:${access}`),
  ];
}

/** A script with the `docker run` of the gate; `podman run` takes the same words. */
export function runScript(container: Container): string {
  const { command, image, owned } = container;
  const words = [
    `exec "\${ENGINE:-docker}" run --detach --name postern --restart unless-stopped`,
    ...options(container),
    [image, ...command].join(" "),
  ];
  return [
    "#!/bin/sh",
    "# Written by postern harden: starts the gate in a container, as root: sh run.sh; ENGINE=podman for Podman.",
    "set -eu",
    `. ${IDS}`,
    "# The gate makes its sockets here; nothing else in the container can be written.",
    ...owned.map((folder) => `install -d -m 0755 -o "$POSTERN_UID" -g "$POSTERN_GID" ${folder}`),
    words.join(" \\\n  "),
    "",
  ].join("\n");
}

/** A compose file: docker compose --env-file ids.env up --detach. */
export function composeFile({ command, groups, image, owned, seccomp, volumes }: Container) {
  const service = {
    image,
    command,
    container_name: "postern",
    restart: "unless-stopped",
    network_mode: "none",
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true", `seccomp:${seccomp}`],
    pids_limit: MAX_TASKS,
    ipc: "none",
    pid: "host",
    cgroup: "host",
    userns_mode: "host",
    user: "${POSTERN_UID:?use --env-file ids.env}:${POSTERN_GID}",
    group_add: ["${ENGINE_GID}", ...groups.map(String)],
    volumes: volumes.map(([source, target, access]) => ({
      type: "bind",
      source,
      target,
      read_only: access === "ro",
      // A folder that is made by mistake in a socket's place would be root's, and stay.
      bind: { create_host_path: false },
    })),
  };
  return [
    "# Written by postern harden: the gate in a container.",
    "# First, after each boot for what is below /run, the folders that it makes its sockets in:",
    ...owned.map((folder) =>
      `#   . ${IDS} && install -d -m 0755 -o "$POSTERN_UID" -g "$POSTERN_GID" ${folder}`
    ),
    `# Then: docker compose --env-file ${IDS} --file ${CONTAINERS}/compose.yaml up --detach`,
    stringify({ name: "postern", services: { postern: service } }),
  ].join("\n");
}

/** A unit for Podman's generator, from 4.4 on (podman-systemd.unit(5)). */
export function quadlet({ command, groups, image, owned, seccomp, volumes }: Container): string {
  return [
    "# Written by postern harden: the gate in a container of Podman's. Copy it to /etc/containers/systemd/.",
    "[Unit]",
    "Description=Postern, a gate in front of the engine's socket",
    "After=docker.socket podman.socket",
    "",
    "[Container]",
    `Image=localhost/${image}`,
    "ContainerName=postern",
    `Exec=${command.join(" ")}`,
    "Network=none",
    "ReadOnly=true",
    "DropCapability=all",
    "NoNewPrivileges=true",
    `SeccompProfile=${seccomp}`,
    ...volumes.map(([source, place, access]) => `Volume=${source}:${place}:${access}`),
    `PodmanArgs=--pids-limit=${MAX_TASKS} --ipc=none --pid=host --cgroupns=host --userns=host`,
    "# systemd puts in the numbers of ids.env.",
    "PodmanArgs=--user=${POSTERN_UID}:${POSTERN_GID} --group-add=${ENGINE_GID}",
    ...groups.map((gid) => `PodmanArgs=--group-add=${gid}`),
    "",
    "[Service]",
    `EnvironmentFile=${IDS}`,
    ...owned.map((folder) =>
      `ExecStartPre=/usr/bin/install -d -m 0755 -o \${POSTERN_UID} -g \${POSTERN_GID} ${folder}`
    ),
    "Restart=on-failure",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
}
