/**
 * A query value as the engine reads booleans: everything is true but "", 0, no, false and none in any case (moby
 * httputils.BoolValue). It trims white space before that; here what stands in white space is true, the stricter reading, since
 * the languages disagree on which characters that is.
 */
export function goBool(value: string): boolean {
  return !["", "0", "no", "false", "none"].includes(value.toLowerCase());
}
