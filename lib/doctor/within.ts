/**
 * Talks over a connection, and closes it. `late` when that, or being connected, takes longer than so many milliseconds; throws what
 * either throws.
 */
export async function within<C extends Disposable, T>(
  most: number,
  connecting: Promise<C>,
  talk: (connection: C) => Promise<T>,
): Promise<T | typeof late> {
  const talking = connecting.then(talk);
  // Nobody waits for it any more when it was too slow.
  talking.catch(() => {});
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await Promise.race([
      talking,
      new Promise<typeof late>((resolve) => timer = setTimeout(() => resolve(late), most)),
    ]);
  } finally {
    clearTimeout(timer);
    connecting.then(close, () => {});
  }
}

export const late = Symbol("late");

function close(connection: Disposable): void {
  try {
    connection[Symbol.dispose]();
  } catch { /* closed with its stream */ }
}
