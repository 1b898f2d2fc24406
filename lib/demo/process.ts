/** How a make-believe process answers: what it prints at once, what it makes of its input, and how it ends. */
export interface Behaviour {
  /** Printed at the start. */
  readonly greeting: string;
  /** What becomes of its standard input; absent: it does not read. */
  readonly echo: boolean;
  readonly exitCode: number;
}

/**
 * What the built-in engine makes of a command. Nothing is ever run: `echo` prints, `cat` gives its input back, `sh -c "exit N"`
 * exits so, and anything else says where it is.
 */
export function behaviourOf(command: readonly string[]): Behaviour {
  const [name = "", ...args] = command;
  const exit = name === "sh" && args[0] === "-c" ? /^exit (\d{1,3})$/.exec(args[1] ?? "") : null;
  if (exit !== null) return { greeting: "", echo: false, exitCode: Number(exit[1]) };
  if (name === "echo") return { greeting: `${args.join(" ")}\n`, echo: false, exitCode: 0 };
  if (name === "cat") return { greeting: "", echo: true, exitCode: 0 };
  if (name === "true" || name === "false") {
    return { greeting: "", echo: false, exitCode: name === "true" ? 0 : 1 };
  }
  const greeting = `this is Postern's built-in demo engine: ${JSON.stringify(name)} does not run\n`;
  return { greeting, echo: false, exitCode: 0 };
}

/** One frame of the engine's multiplexed stream: 1 for stdout, three zeros, the length, big-endian (ContainerAttach). */
export function frame(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(8 + bytes.length);
  framed[0] = 1;
  new DataView(framed.buffer).setUint32(4, bytes.length);
  framed.set(bytes, 8);
  return framed;
}
