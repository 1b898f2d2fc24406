/** Maps by name: what their keys are says something, whatever stands behind them. And lists that are not the default when empty. */
const maps = ["Volumes", "Tmpfs", "Labels", "ExposedPorts", "EndpointsConfig", "Sysctls"];
const lists = ["MaskedPaths", "ReadonlyPaths"];

/**
 * JSON without what means nothing: null, false, 0, "", and arrays and objects that are empty then. Go clients send such values
 * for whatever nobody asked for.
 */
export function withoutZeros(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.length === 0 ? undefined : value.map((item) => withoutZeros(item) ?? zeroOf(item));
  }
  if (typeof value === "object" && value !== null) {
    const kept = Object.entries(value).map(([key, inner]) => [key, member(key, inner)] as const)
      .filter(([, inner]) => inner !== undefined);
    return kept.length === 0 ? undefined : Object.fromEntries(kept);
  }
  return [null, false, 0, ""].includes(value as never) ? undefined : value;
}

function member(name: string, value: unknown): unknown {
  if (lists.includes(name) && Array.isArray(value)) return value;
  if (!maps.includes(name) || typeof value !== "object" || value === null) {
    return withoutZeros(value);
  }
  const entries = Object.entries(value).map((
    [key, inner],
  ) => [key, withoutZeros(inner) ?? zeroOf(inner)]);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** An item of a list keeps its place. */
const zeroOf = (item: unknown) => typeof item === "object" && item !== null ? {} : item;
