import type { ContainerConfig, HostConfig } from "./container.ts";
import { digest, type State } from "./state.ts";

const HOUR = 3_600_000;

/** A small team's machine: two services, a cache for its CI and a job that failed last night. */
export function seed(state: State): void {
  state.addImage("nginx:1.27", 191_717_838, ["nginx", "-g", "daemon off;"]);
  state.addImage("postgres:16", 431_958_032, ["postgres"]);
  state.addImage("redis:7", 116_907_522, ["redis-server"]);
  state.addImage("busybox:latest");
  for (const name of ["bridge", "host", "none", "backend"]) addNetwork(state, name);
  for (const name of ["db-data", "ci-cache"]) addVolume(state, name);

  const service = (name: string, config: ContainerConfig, hostConfig: HostConfig = {}) => {
    const labels = { "com.docker.compose.project": "shop", ...config.Labels };
    const container = state.create(name, { ...config, Labels: labels }, hostConfig, digest(name));
    container.start();
    container.created = new Date(Date.now() - 50 * HOUR);
    container.startedAt = new Date(Date.now() - 5 * HOUR);
    return container;
  };
  service("web", { Image: "nginx:1.27", ExposedPorts: { "80/tcp": {} } }, {
    PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }] },
  });
  service("db", {
    Image: "postgres:16",
    Env: ["POSTGRES_USER=shop", "POSTGRES_PASSWORD=correct-horse-battery", "PGDATA=/var/lib/pg"],
  }, { Binds: ["db-data:/var/lib/pg"], NetworkMode: "backend" });
  service("ci-cache", { Image: "redis:7", Labels: { team: "ci" } }, { Binds: ["ci-cache:/data"] });
  const backup = service("nightly-backup", {
    Image: "busybox:latest",
    Cmd: ["sh", "-c", "echo no space left on device >&2; exit 1"],
  });
  backup.once("exit", () => backup.finishedAt = new Date(Date.now() - 4 * HOUR));
}

export function addNetwork(state: State, name: string): string {
  const id = digest(`network ${name}`);
  const builtIn = name === "host" || name === "none";
  state.networks.set(name, {
    Name: name,
    Id: id,
    Created: new Date().toISOString(),
    Scope: "local",
    Driver: builtIn ? name.replace("none", "null") : "bridge",
    EnableIPv6: false,
    IPAM: { Driver: "default", Options: null, Config: [] },
    Internal: false,
    Containers: {},
    Options: {},
    Labels: {},
  });
  return id;
}

export function addVolume(state: State, name: string): Record<string, unknown> {
  const volume = {
    CreatedAt: new Date().toISOString(),
    Driver: "local",
    Labels: {},
    Mountpoint: `/var/lib/docker/volumes/${name}/_data`,
    Name: name,
    Options: {},
    Scope: "local",
  };
  state.volumes.set(name, volume);
  return volume;
}
