/**
 * Text from a process as one line that a terminal takes literally: control characters, those that change the direction of writing
 * and other invisible ones are written as `\n`, `\x1b` or `\u202e`, and a backslash as two, so that nothing else reads so.
 */
export function printable(text: string): string {
  return text.replace(/[\\\p{C}\p{Zl}\p{Zp}]/gu, (found) => {
    if (found === "\\") return "\\\\";
    if (found === "\n") return "\\n";
    if (found === "\t") return "\\t";
    const code = found.codePointAt(0)!.toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
    return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\u{${code}}`;
  });
}

/** At most `room` characters, the last one an ellipsis where something is missing. */
export function cut(text: string, room: number): string {
  const characters = [...text];
  return characters.length <= room ? text : `${characters.slice(0, room - 1).join("")}…`;
}
