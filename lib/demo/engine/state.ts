import { createHash, randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { Container, type ContainerConfig, type HostConfig } from "./container.ts";
import type { Process } from "./process.ts";
import { ApiError } from "./reply.ts";

export interface Image {
  readonly id: string;
  readonly tag: string;
  readonly size: number;
  readonly created: Date;
  /** What a container of it runs when the request names no command. */
  readonly command: readonly string[];
}

export interface Exec {
  readonly id: string;
  readonly container: Container;
  readonly argv: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
  process?: Process;
  exitCode: number | null;
}

export interface EngineEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Record<string, string> };
  readonly time: number;
  readonly [key: string]: unknown;
}

/** Events kept for `events --since`. */
const MAX_EVENTS = 256;

/** Everything the engine knows; gone when the process ends. */
export class State extends EventEmitter<{ event: [EngineEvent] }> {
  readonly containers = new Map<string, Container>();
  readonly images = new Map<string, Image>();
  readonly volumes = new Map<string, Record<string, unknown>>();
  readonly networks = new Map<string, { Id: string; Name: string; [key: string]: unknown }>();
  readonly execs = new Map<string, Exec>();
  readonly events: EngineEvent[] = [];

  constructor() {
    super();
    this.setMaxListeners(0);
  }

  /** By id, name or the beginning of an id, in the daemon's order. */
  container(reference: string): Container {
    const all = [...this.containers.values()];
    const found = this.containers.get(reference) ??
      all.find(({ name }) => name === reference.replace(/^\//, "")) ??
      all.find(({ id }) => id.startsWith(reference));
    if (found === undefined) throw new ApiError(404, `No such container: ${reference}`);
    return found;
  }

  image(reference: string): Image {
    const wanted = canonicalReference(reference);
    const id = reference.replace(/^sha256:/, "");
    const found = this.images.get(wanted) ??
      [...this.images.values()].find((image) => image.id.startsWith(`sha256:${id}`));
    if (found === undefined) throw new ApiError(404, `No such image: ${wanted}`);
    return found;
  }

  addImage(tag: string, size = 4_261_550, command: readonly string[] = ["sh"]): Image {
    const image = { id: `sha256:${digest(tag)}`, tag, size, created: new Date(), command };
    this.images.set(tag, image);
    return image;
  }

  create(name: string, config: ContainerConfig, hostConfig: HostConfig, id = newId()): Container {
    const image = this.image(config.Image ?? "");
    const holder = [...this.containers.values()].find((other) => other.name === name);
    if (holder !== undefined) {
      throw new ApiError(
        409,
        `Conflict. The container name "/${name}" is already in use by container "${holder.id}". ` +
          "You have to remove (or rename) that container to be able to reuse that name.",
      );
    }
    const command = config.Cmd ?? (config.Entrypoint ? null : [...image.command]);
    const container = new Container(id, name, image.id, { ...config, Cmd: command }, hostConfig);
    this.containers.set(id, container);
    container.on("start", () => this.tell(container, "start"));
    container.on("exit", (status) => {
      this.tell(container, "die", { exitCode: String(status) });
      if (hostConfig.AutoRemove === true) this.remove(container);
    });
    this.tell(container, "create");
    return container;
  }

  remove(container: Container): void {
    if (!this.containers.delete(container.id)) return;
    for (const exec of this.execs.values()) {
      if (exec.container === container) this.execs.delete(exec.id);
    }
    this.tell(container, "destroy");
    container.emit("removed");
  }

  /** Records an event about a container. */
  tell(container: Container, action: string, attributes: Record<string, string> = {}): void {
    const image = container.config.Image ?? "";
    const about = { image, name: container.name, ...container.config.Labels, ...attributes };
    this.announce("container", action, container.id, about, { from: image });
  }

  announce(
    type: string,
    action: string,
    id: string,
    attributes: Record<string, string> = {},
    extra: Record<string, unknown> = {},
  ): void {
    const now = Date.now();
    const event: EngineEvent = {
      ...(type === "container" || type === "image" ? { status: action, id, ...extra } : {}),
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      scope: "local",
      time: Math.floor(now / 1000),
      timeNano: now * 1_000_000,
    };
    this.events.push(event);
    if (this.events.length > MAX_EVENTS) this.events.shift();
    this.emit("event", event);
  }

  /** Ends every process, so that no timer outlives the engine. */
  close(): void {
    for (const { process } of this.containers.values()) process?.signal(9);
    for (const { process } of this.execs.values()) process?.signal(9);
  }
}

export function newId(): string {
  return randomBytes(32).toString("hex");
}

/** An id that is the same in every run. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** `docker.io/library/busybox` is busybox:latest. */
export function canonicalReference(reference: string): string {
  const short = reference.replace(/^docker\.io\/(?:library\/)?/, "");
  return /[:@][^/]+$/.test(short) ? short : `${short}:latest`;
}
