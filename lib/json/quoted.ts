/** The beginning of somebody's text as a JSON string, without what a terminal would obey or what changes the direction of reading. */
export function quoted(text: string, most: number): string {
  return JSON.stringify(text.slice(0, most)).replace(
    /[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
