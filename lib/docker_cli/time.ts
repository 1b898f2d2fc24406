/** A point in time as docker sends it: seconds, and RFC 3339 as seconds; `10m`, which is from now, stays what it is. */
export function time(text: string | undefined): string | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\d/.test(text)) return text;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return text;
  const fraction = String(milliseconds % 1000).padStart(3, "0");
  return `${Math.floor(milliseconds / 1000)}.${fraction}000000`;
}
