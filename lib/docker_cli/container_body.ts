import { deviceRequests, devices } from "./devices.ts";
import { type FlagNames, type Flags, unsupported } from "./flags.ts";
import { mount, tmpfs, volumes } from "./mounts.ts";
import { networking } from "./networking.ts";
import { exposed, portBindings } from "./ports.ts";
import { mapOf } from "./request.ts";
import { given, resourceFlags, resources, restartPolicy, throttles, ulimits } from "./resources.ts";
import { bytes, integer, nanoseconds } from "./units.ts";

const fromDisk = "docker reads the file, and Postern does not know it";

/** The flags of `docker run` and `docker create`. */
export const createFlags: FlagNames = {
  endAtArgument: true,
  bool:
    "privileged interactive|i tty|t rm init read-only oom-kill-disable publish-all|P no-healthcheck",
  text:
    `${resourceFlags.text} name platform pull hostname|h domainname user|u workdir|w entrypoint ` +
    "mac-address stop-signal stop-timeout health-cmd health-interval health-timeout health-retries " +
    "health-start-period health-start-interval pid ipc uts userns cgroupns runtime cgroup-parent " +
    "volume-driver log-driver shm-size oom-score-adj isolation memory-swappiness ip ip6 detach-keys",
  list:
    "volume|v mount tmpfs cap-add cap-drop device gpus device-cgroup-rule network|net security-opt " +
    "sysctl label|l env|e publish|p expose link log-opt volumes-from group-add ulimit annotation " +
    "add-host dns dns-search dns-option|dns-opt network-alias|net-alias link-local-ip storage-opt " +
    "attach|a device-read-bps device-write-bps device-read-iops device-write-iops blkio-weight-device",
  ignoredBool: "disable-content-trust quiet|q",
  ignoredText: "cidfile",
  unsupported: {
    "env-file": fromDisk,
    "label-file": fromDisk,
    "use-api-socket": "it mounts the engine's socket in a way of its own",
  },
};

/** Where the command is run. */
export interface Surroundings {
  /** What `./x` is relative to; "" leaves such paths as they are, as docker 20.10 does. */
  readonly cwd: string;
}

/** The body of `POST /containers/create`: what was asked for, without the zero values that docker sends beside it. */
export function createBody(
  flags: Flags,
  { cwd }: Surroundings,
  detached: boolean,
): Record<string, unknown> {
  const [image, ...command] = flags.arguments as [string, ...string[]];
  const { binds, anonymous } = volumes(flags.list("volume"), cwd);
  const bindings = portBindings(flags.list("publish"));
  const ports = [...Object.keys(bindings), ...exposed(flags.list("expose"))];
  const { mode, endpoints } = networking(flags);
  const entrypoint = flags.text("entrypoint");
  return {
    ...given({
      Hostname: flags.text("hostname"),
      Domainname: flags.text("domainname"),
      User: flags.text("user"),
      ...attached(flags, detached),
      Tty: flags.bool("tty"),
      OpenStdin: flags.bool("interactive"),
      ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])),
      Env: flags.list("env"),
      Cmd: command,
      Healthcheck: healthcheck(flags),
      Image: image,
      Volumes: anonymous,
      WorkingDir: flags.text("workdir"),
      Entrypoint: entrypoint === undefined ? undefined : [entrypoint],
      MacAddress: flags.text("mac-address"),
      Labels: mapOf(flags.list("label")),
      StopSignal: flags.text("stop-signal"),
      StopTimeout: integer("--stop-timeout", flags.text("stop-timeout")),
    }),
    HostConfig: { ...hostConfig(flags, binds, cwd), PortBindings: bindings, NetworkMode: mode },
    ...(Object.keys(endpoints).length > 0
      ? { NetworkingConfig: { EndpointsConfig: endpoints } }
      : {}),
  };
}

function hostConfig(flags: Flags, binds: readonly string[], cwd: string): Record<string, unknown> {
  const driver = flags.text("log-driver");
  const options = mapOf(flags.list("log-opt"));
  const logs = given({ Type: driver, Config: options });
  return {
    RestartPolicy: restartPolicy(flags.text("restart") ?? "no"),
    ...resources(flags),
    ...given({
      Binds: binds,
      LogConfig: logs,
      AutoRemove: flags.bool("rm"),
      VolumeDriver: flags.text("volume-driver"),
      VolumesFrom: flags.list("volumes-from"),
      Annotations: mapOf(flags.list("annotation")),
      CapAdd: flags.list("cap-add").map(capability),
      CapDrop: flags.list("cap-drop").map(capability),
      CgroupnsMode: flags.text("cgroupns"),
      Dns: flags.list("dns"),
      DnsOptions: flags.list("dns-option"),
      DnsSearch: flags.list("dns-search"),
      ExtraHosts: flags.list("add-host"),
      GroupAdd: flags.list("group-add"),
      IpcMode: flags.text("ipc"),
      Links: flags.list("link"),
      OomScoreAdj: integer("--oom-score-adj", flags.text("oom-score-adj")),
      PidMode: flags.text("pid"),
      Privileged: flags.bool("privileged"),
      PublishAllPorts: flags.bool("publish-all"),
      ReadonlyRootfs: flags.bool("read-only"),
      StorageOpt: mapOf(flags.list("storage-opt")),
      Tmpfs: tmpfs(flags.list("tmpfs")),
      UTSMode: flags.text("uts"),
      UsernsMode: flags.text("userns"),
      ShmSize: bytes("--shm-size", flags.text("shm-size")),
      Sysctls: mapOf(flags.list("sysctl")),
      Runtime: flags.text("runtime"),
      Isolation: flags.text("isolation"),
      CgroupParent: flags.text("cgroup-parent"),
      BlkioWeightDevice: throttles(
        "--blkio-weight-device",
        flags.list("blkio-weight-device"),
        integer,
      )
        .map(({ Path, Rate }) => ({ Path, Weight: Rate })),
      BlkioDeviceReadBps: throttles("--device-read-bps", flags.list("device-read-bps"), bytes),
      BlkioDeviceWriteBps: throttles("--device-write-bps", flags.list("device-write-bps"), bytes),
      BlkioDeviceReadIOps: throttles("--device-read-iops", flags.list("device-read-iops"), integer),
      BlkioDeviceWriteIOps: throttles(
        "--device-write-iops",
        flags.list("device-write-iops"),
        integer,
      ),
      Devices: devices(flags.list("device")),
      DeviceCgroupRules: flags.list("device-cgroup-rule"),
      DeviceRequests: deviceRequests(flags.list("gpus"), flags.list("device")),
      MemorySwappiness: integer("--memory-swappiness", flags.text("memory-swappiness")),
      OomKillDisable: flags.bool("oom-kill-disable"),
      Ulimits: ulimits(flags.list("ulimit")),
      Init: flags.bool("init"),
      Mounts: flags.list("mount").map((flag) => mount(flag, cwd)),
    }),
    ...securityOptions(flags.list("security-opt")),
  };
}

/** Which streams: those of `-a`, else stdout and stderr; stdin with `-i`. */
function attached(flags: Flags, detached: boolean): Record<string, unknown> {
  if (detached) return {};
  const chosen = flags.list("attach").map((name) => name.toLowerCase());
  const stdin = flags.bool("interactive") || chosen.includes("stdin");
  return {
    AttachStdin: stdin,
    AttachStdout: chosen.length === 0 || chosen.includes("stdout"),
    AttachStderr: chosen.length === 0 || chosen.includes("stderr"),
    StdinOnce: stdin && flags.bool("interactive"),
  };
}

/** docker 28 spells capabilities as the engine stores them; 20.10 sends them as they were written. */
export function capability(name: string): string {
  const upper = name.trim().toUpperCase();
  return upper === "ALL" || upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
}

/** `systempaths=unconfined` never reaches the engine by that name: docker sends empty lists of masked paths. */
function securityOptions(flags: readonly string[]): Record<string, unknown> {
  const systemPaths = flags.includes("systempaths=unconfined");
  const options = flags.filter((flag) => flag !== "systempaths=unconfined");
  for (const option of options) {
    const profile = /^seccomp[=:](.*)$/.exec(option)?.[1];
    if (profile !== undefined && !["unconfined", "builtin"].includes(profile)) {
      throw unsupported(`--security-opt ${option}: ${fromDisk}`);
    }
  }
  return {
    ...given({ SecurityOpt: options }),
    ...(systemPaths ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
  };
}

function healthcheck(flags: Flags): Record<string, unknown> {
  if (flags.bool("no-healthcheck")) return { Test: ["NONE"] };
  const command = flags.text("health-cmd");
  const duration = (name: string) => nanoseconds(`--${name}`, flags.text(name));
  return given({
    Test: command === undefined ? undefined : ["CMD-SHELL", command],
    Interval: duration("health-interval"),
    Timeout: duration("health-timeout"),
    StartPeriod: duration("health-start-period"),
    StartInterval: duration("health-start-interval"),
    Retries: integer("--health-retries", flags.text("health-retries")),
  });
}
