/** A query value as the engine reads booleans: everything is true but "", 0, no, false and none (moby httputils.BoolValue). */
export function goBool(value: string): boolean {
  return !["", "0", "no", "false", "none"].includes(value.trim().toLowerCase());
}
