import { EventEmitter } from "node:events";
import { Log } from "./log.ts";
import { type Output, type Process, spawn } from "./process.ts";

/** The part of a create request that this engine acts on; the rest is kept and shown as it came. */
export interface ContainerConfig {
  Image?: string;
  Cmd?: string[] | string | null;
  Entrypoint?: string[] | string | null;
  Env?: string[] | null;
  Labels?: Record<string, string> | null;
  Tty?: boolean;
  OpenStdin?: boolean;
  StdinOnce?: boolean;
  [key: string]: unknown;
}

export interface HostConfig {
  AutoRemove?: boolean;
  NetworkMode?: string;
  Binds?: string[] | null;
  [key: string]: unknown;
}

interface Incidents {
  start: [];
  exit: [status: number];
  removed: [];
}

/** Emits `start` and `exit` for each run, `removed` once. */
export class Container extends EventEmitter<Incidents> {
  status: "created" | "running" | "paused" | "exited" = "created";
  created = new Date();
  startedAt: Date | undefined;
  finishedAt: Date | undefined;
  exitCode = 0;
  process: Process | undefined;
  readonly log = new Log();
  /** Those who get the output as it comes. */
  readonly outputs = new Set<Output>();

  constructor(
    readonly id: string,
    public name: string,
    readonly imageId: string,
    readonly config: ContainerConfig,
    readonly hostConfig: HostConfig,
  ) {
    super();
    this.setMaxListeners(0);
  }

  get running(): boolean {
    return this.process !== undefined;
  }

  get argv(): string[] {
    return [this.config.Entrypoint, this.config.Cmd].flatMap((words) => words ?? []);
  }

  start(): void {
    const tty = this.config.Tty === true;
    const process = spawn(this.argv, async (stream, bytes) => {
      const shown = tty ? withReturns(bytes) : bytes;
      const kind = tty ? 1 : stream;
      this.log.add(kind, shown);
      await Promise.all([...this.outputs].map((output) => output(kind, shown)));
    });
    this.process = process;
    this.status = "running";
    this.startedAt = new Date();
    if (this.config.OpenStdin !== true) process.stdin.end();
    process.exited.then((status) => {
      this.process = undefined;
      this.status = "exited";
      this.finishedAt = new Date();
      this.exitCode = status;
      this.emit("exit", status);
    });
    this.emit("start");
  }
}

/** A terminal shows a newline as carriage return and line feed (ONLCR, termios(3)). */
export function withReturns(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString("latin1").replaceAll("\n", "\r\n"), "latin1");
}
