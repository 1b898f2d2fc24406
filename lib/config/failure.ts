/** Why the runtime could not do something, in the kernel's words where it has them: `ENOENT (No such file or directory)`. */
export function describeFailure(error: unknown): string {
  const { message, code } = error as Error & { code?: string };
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return message;
  return `${code} (${message.replace(/ \(os error \d+\).*$/s, "")})`;
}
