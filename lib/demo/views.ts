import type { Container, Image, State } from "./state.ts";

const statusOf = ({ running }: Container) => running ? "running" : "exited";

/** A container as GET /containers/json lists it. */
export function listed(container: Container) {
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: container.image,
    ImageID: "",
    Command: container.command.join(" "),
    Created: container.created,
    Ports: [],
    Labels: {},
    State: statusOf(container),
    Status: container.running ? "Up 2 minutes" : `Exited (${container.exitCode}) 2 minutes ago`,
    HostConfig: { NetworkMode: "default" },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  };
}

/** A container as GET /containers/{id}/json shows it. */
export function inspected(container: Container) {
  const { id, name, image, command, env, tty, running, exitCode } = container;
  const created = new Date(container.created * 1000).toISOString();
  return {
    Id: id,
    Created: created,
    Path: command[0] ?? "",
    Args: command.slice(1),
    State: {
      Status: statusOf(container),
      Running: running,
      Paused: false,
      Restarting: false,
      OOMKilled: false,
      Dead: false,
      Pid: running ? 4242 : 0,
      ExitCode: exitCode,
      Error: "",
      StartedAt: created,
      FinishedAt: created,
    },
    Image: image,
    Name: `/${name}`,
    RestartCount: 0,
    Driver: "memory",
    Platform: "linux",
    Mounts: [],
    Config: {
      Hostname: id.slice(0, 12),
      Env: env,
      Cmd: command,
      Image: image,
      Tty: tty,
      Labels: {},
    },
    HostConfig: { NetworkMode: "default", LogConfig: { Type: "json-file", Config: {} } },
    NetworkSettings: { Networks: {}, Ports: {} },
  };
}

export function listedImage({ id, tag, size }: Image) {
  return {
    Id: id,
    ParentId: "",
    RepoTags: [tag],
    RepoDigests: [],
    Created: 1_750_000_000,
    Size: size,
    SharedSize: -1,
    Containers: -1,
    Labels: {},
  };
}

export const version = {
  Platform: { Name: "Postern's built-in demo engine" },
  Components: [],
  Version: "0.0-demo",
  ApiVersion: "1.41",
  MinAPIVersion: "1.24",
  GitCommit: "",
  GoVersion: "",
  Os: "linux",
  Arch: "amd64",
  KernelVersion: "",
};

export function info(state: State) {
  const all = [...state.containers.values()];
  const running = all.filter((container) => container.running).length;
  return {
    ID: "DEMO",
    Containers: all.length,
    ContainersRunning: running,
    ContainersPaused: 0,
    ContainersStopped: all.length - running,
    Images: state.images.length,
    Driver: "memory",
    Name: "demo",
    ServerVersion: version.Version,
    OperatingSystem: "Postern's built-in demo engine",
    OSType: "linux",
    Architecture: "x86_64",
    NCPU: 1,
    MemTotal: 0,
    Swarm: { LocalNodeState: "inactive" },
  };
}
