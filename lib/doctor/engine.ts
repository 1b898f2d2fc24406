import type { Host } from "./host.ts";

/** What an engine tells of itself; absent with `why` where it does not. */
export interface Engine {
  /** Its real socket, as the configuration names it. */
  readonly socket: string;
  /** The socket that answered: the real one, or one of the gate's. */
  readonly asked?: string;
  readonly why?: string;
  /** systemd holds its socket, and it does not run. */
  readonly asleep?: true;
  /** GET /info. */
  readonly info?: Info;
  readonly containers?: readonly Container[];
  /** By name, the folder or file of the host that a volume is a bind mount of. */
  readonly binds?: ReadonlyMap<string, string>;
}

/** The fields of GET /info that are looked at. */
export interface Info {
  readonly SecurityOptions?: readonly string[];
  readonly LiveRestoreEnabled?: boolean;
  readonly Plugins?: { readonly Authorization?: readonly string[] | null };
  readonly ServerVersion?: string;
}

/** The fields of GET /containers/ID/json that are looked at. */
export interface Container {
  readonly Id: string;
  readonly Name: string;
  readonly State?: { readonly Running?: boolean; readonly Pid?: number };
  readonly Config?: { readonly Image?: string };
  readonly HostConfig?: {
    readonly Privileged?: boolean;
    readonly PidMode?: string;
    readonly NetworkMode?: string;
    readonly IpcMode?: string;
    readonly UsernsMode?: string;
    readonly CapAdd?: readonly string[] | null;
    readonly SecurityOpt?: readonly string[] | null;
  };
  readonly Mounts?: readonly {
    readonly Type?: string;
    /** A volume's. */
    readonly Name?: string;
    readonly Source?: string;
    readonly Destination?: string;
    readonly RW?: boolean;
  }[];
}

/** Asks the engine at its real socket, or, where that is closed to us or sealed, through the gate's sockets in turn. */
export async function askEngine(
  host: Pick<Host, "ask">,
  socket: string,
  intercepts: readonly string[],
): Promise<Engine> {
  const refusals: string[] = [];
  for (const asked of [socket, ...intercepts]) {
    const info = await host.ask(asked, "/info");
    if ("found" in info) {
      return await readContainers(host, { socket, asked, info: info.found as Info });
    }
    refusals.push("failed" in info ? info.failed : info.absent);
    // The gate would wait for the same engine.
    if ("late" in info) break;
  }
  return { socket, why: refusals[0]! };
}

async function readContainers(
  host: Pick<Host, "ask">,
  engine: Engine & { readonly asked: string },
): Promise<Engine> {
  const list = await host.ask(engine.asked, "/containers/json?all=1");
  if (!("found" in list)) return { ...engine, why: "failed" in list ? list.failed : list.absent };
  const containers: Container[] = [];
  for (const { Id } of list.found as { readonly Id: string }[]) {
    const one = await host.ask(engine.asked, `/containers/${encodeURIComponent(Id)}/json`);
    // What is not there any more mounts nothing.
    if ("absent" in one) continue;
    if ("failed" in one) return { ...engine, why: one.failed };
    containers.push(one.found as Container);
  }
  return { ...engine, containers, binds: await readBinds(host, engine.asked) };
}

/** `docker volume create -o o=bind -o device=/run`: the container's mount shows the volume alone. None where a policy keeps them back. */
async function readBinds(host: Pick<Host, "ask">, asked: string): Promise<Map<string, string>> {
  const answer = await host.ask(asked, "/volumes");
  const { Volumes } = ("found" in answer ? answer.found : {}) as { Volumes?: Volume[] | null };
  return new Map(
    (Volumes ?? []).flatMap(({ Name, Options }): [string, string][] => {
      const isBind = Options?.["o"]?.split(",").some((one) => one === "bind" || one === "rbind");
      return isBind && Options?.["device"] !== undefined ? [[Name, Options["device"]]] : [];
    }),
  );
}

interface Volume {
  readonly Name: string;
  readonly Options?: Readonly<Record<string, string>> | null;
}

/** `web (nginx, 3f2a9c0d1b2e)`. */
export function nameOf({ Name, Id, Config }: Container): string {
  return `${Name.replace(/^\//, "")} (${Config?.Image ?? "?"}, ${Id.slice(0, 12)})`;
}
