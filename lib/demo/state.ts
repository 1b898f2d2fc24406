/** What the built-in engine remembers of a container. */
export interface Container {
  readonly id: string;
  name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly tty: boolean;
  readonly created: number;
  running: boolean;
  /** It has run, and does no longer. */
  ended: boolean;
  exitCode: number;
  /** Goes away when it ends, as `docker run --rm` asks for. */
  autoRemove: boolean;
  /** Its standard input has ended, maybe before it was started. */
  inputEnded: boolean;
  /** Everything that its process has printed. */
  output: string;
  /** Called when it ends, once each. */
  readonly waiting: Set<() => void>;
}

export interface Image {
  readonly id: string;
  readonly tag: string;
  readonly size: number;
}

/** The event stream's members, by what they are called with. */
export type EventListener = (event: Record<string, unknown>) => void;

/** An engine's world: nothing of it exists outside this process. */
export class State {
  readonly containers = new Map<string, Container>();
  readonly images: Image[] = [];
  readonly listeners = new Set<EventListener>();
  #serial = 0;

  /** A 64-digit id like the engine's own, the same in every run. */
  newId(): string {
    this.#serial++;
    let x = this.#serial * 2654435761 >>> 0;
    let id = "";
    while (id.length < 64) {
      x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
      id += x.toString(16).padStart(8, "0");
    }
    return id;
  }

  create(
    name: string,
    image: string,
    command: readonly string[],
    env: readonly string[] = [],
    tty = false,
  ): Container {
    const container: Container = {
      id: this.newId(),
      name,
      image,
      command,
      env,
      tty,
      created: Math.floor(Date.now() / 1000),
      running: false,
      ended: false,
      exitCode: 0,
      autoRemove: false,
      inputEnded: false,
      output: "",
      waiting: new Set(),
    };
    this.containers.set(container.id, container);
    this.tell("create", container);
    return container;
  }

  /** By full id, unique id prefix or name, as the engine looks it up. */
  find(reference: string): Container | undefined {
    const exact = this.containers.get(reference);
    if (exact !== undefined) return exact;
    const all = [...this.containers.values()];
    const named = all.find(({ name }) => name === reference);
    if (named !== undefined) return named;
    const prefixed = all.filter(({ id }) => id.startsWith(reference));
    return prefixed.length === 1 ? prefixed[0] : undefined;
  }

  end(container: Container, exitCode: number): void {
    if (!container.running) return;
    container.running = false;
    container.ended = true;
    container.exitCode = exitCode;
    this.tell("die", container);
    for (const done of container.waiting) done();
    container.waiting.clear();
    if (container.autoRemove) this.remove(container);
  }

  remove(container: Container): void {
    if (this.containers.delete(container.id)) this.tell("destroy", container);
  }

  tell(action: string, container: Container): void {
    const time = Date.now();
    const event = {
      status: action,
      id: container.id,
      from: container.image,
      Type: "container",
      Action: action,
      Actor: { ID: container.id, Attributes: { image: container.image, name: container.name } },
      scope: "local",
      time: Math.floor(time / 1000),
      timeNano: time * 1_000_000,
    };
    for (const listener of this.listeners) listener(event);
  }
}

/** A state that looks like somebody's small server. */
export function seededState(): State {
  const state = new State();
  for (
    const [tag, size] of [["nginx:1.27", 71e6], ["postgres:17", 160e6], [
      "busybox:1.37",
      2e6,
    ]] as const
  ) {
    state.images.push({ id: `sha256:${state.newId()}`, tag, size });
  }
  const web = state.create("web", "nginx:1.27", ["nginx", "-g", "daemon off;"]);
  const db = state.create("db", "postgres:17", ["postgres"], ["POSTGRES_PASSWORD=demo-secret"]);
  state.create("ci-cache", "busybox:1.37", ["true"]);
  for (const container of [web, db]) container.running = true;
  web.output = "start worker process 29\n";
  db.output = "database system is ready to accept connections\n";
  return state;
}
