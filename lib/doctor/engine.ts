import {
  bindsOf,
  type Container,
  containerOf,
  idsOf,
  type Info,
  infoOf,
} from "./engine_answers.ts";
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
      return await readContainers(host, { socket, asked, info: infoOf(info.found) });
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
  const { asked } = engine;
  const strange = (path: string) => ({
    ...engine,
    why: `${asked} answers GET ${path} as no engine does`,
  });
  const list = await host.ask(asked, LIST);
  if (!("found" in list)) return { ...engine, why: "failed" in list ? list.failed : list.absent };
  const ids = idsOf(list.found);
  if (ids === undefined) return strange(LIST);
  const containers: Container[] = [];
  for (const id of ids) {
    const path = `/containers/${encodeURIComponent(id)}/json`;
    const one = await host.ask(asked, path);
    // What is not there any more mounts nothing.
    if ("absent" in one) continue;
    if ("failed" in one) return { ...engine, why: one.failed };
    const container = containerOf(one.found);
    if (container === undefined) return strange(path);
    containers.push(container);
  }
  // A container's mount shows the volume alone. None where a policy keeps them back.
  const volumes = await host.ask(asked, "/volumes");
  return { ...engine, containers, binds: bindsOf("found" in volumes ? volumes.found : undefined) };
}

const LIST = "/containers/json?all=1";

/** `web (nginx, 3f2a9c0d1b2e)`. */
export function nameOf({ Name, Id, image }: Container): string {
  return `${Name.replace(/^\//, "")} (${image}, ${Id.slice(0, 12)})`;
}
