/**
 * A target with the name behind `collection` (`containers` in `/v1.41/containers/web/start?t=1`) replaced by an id; all else stays as
 * sent. Undefined where there is no such name.
 */
export function withPathName(raw: string, collection: string, id: string): string | undefined {
  const mark = raw.indexOf("?");
  const path = mark < 0 ? raw : raw.slice(0, mark);
  const parts = path.split("/");
  const at = parts.findIndex((part) => decode(part) === collection) + 1;
  if (at === 0 || at >= parts.length) return undefined;
  parts[at] = encodeURIComponent(id);
  return parts.join("/") + raw.slice(path.length);
}

/** A target with the value of one parameter replaced; all else stays as sent. Undefined where it is not there. */
export function withParameter(raw: string, key: string, value: string): string | undefined {
  const mark = raw.indexOf("?");
  if (mark < 0) return undefined;
  let done = false;
  const pairs = raw.slice(mark + 1).split("&").map((pair) => {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (pair === "" || decode(name.replaceAll("+", " ")) !== key) return pair;
    done = true;
    return `${name}=${encodeURIComponent(value)}`;
  });
  return done ? `${raw.slice(0, mark)}?${pairs.join("&")}` : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
