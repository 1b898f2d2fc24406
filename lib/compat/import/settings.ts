import { isMap, parseDocument } from "../../config/yaml.ts";
import { wordsOf } from "../../docker_cli/words.ts";
import { ImportError } from "./source.ts";

/** How a proxy is started: its variables and its command line. */
export interface Settings {
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly warnings: readonly string[];
}

/** What tells the service of a compose file that is meant from the others. */
export interface Wanted {
  /** Part of the image's name. */
  readonly image: RegExp;
  /** The service that was asked for. */
  readonly service?: string | undefined;
}

/**
 * Reads a compose file (its service of that image), a file of variables (`NAME=value`), or a command line such as
 * `docker run … -e NAME=value IMAGE -flag`. Throws an ImportError.
 */
export function readSettings(text: string, wanted: Wanted): Settings {
  const services = servicesOf(text);
  if (services !== undefined) return fromService(services, wanted);
  const isCommandLine = !/^\s*(?:#|(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=)/.test(text) &&
    /(?:^|\s)["']?-{1,2}[A-Za-z]/.test(text);
  return isCommandLine ? fromCommandLine(text) : { env: fromEnvFile(text), args: [], warnings: [] };
}

type Service = Readonly<Record<string, unknown>>;

function servicesOf(text: string): Map<string, Service> | undefined {
  if (!/^["']?services["']?\s*:/m.test(text)) return undefined;
  const document = parseDocument(text, { merge: true });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new ImportError(`is not valid YAML: ${error.message.split("\n")[0]}`);
  }
  const data: unknown = document.toJS();
  const services = isRecord(data) ? data["services"] : undefined;
  if (!isMap(document.contents) || !isRecord(services)) {
    throw new ImportError("has no services that could be read");
  }
  return new Map(
    Object.entries(services).filter((entry): entry is [string, Service] => isRecord(entry[1])),
  );
}

function fromService(services: ReadonlyMap<string, Service>, { image, service }: Wanted): Settings {
  const [name, found] = choose(services, image, service);
  const warnings: string[] = [];
  const plain = (value: unknown) => interpolated(String(value ?? ""), warnings);
  const environment = found["environment"];
  const pairs = Array.isArray(environment)
    ? environment.map((item) => cut(plain(item)))
    : isRecord(environment)
    ? Object.entries(environment).map(([key, value]) => [key, plain(value)] as const)
    : [];
  if (found["env_file"] !== undefined) {
    warnings.push(`env_file of the service ${name} is not read: name that file as well`);
  }
  for (const [other, { labels }] of services) {
    const written = JSON.stringify(labels ?? "");
    if (other !== name && /\.allow\.(get|head|post|put|patch|delete|bindmountfrom)/.test(written)) {
      warnings.push(
        `labels of the service ${other} gave it rules of its own, which are not translated: give it a listener and a policy`,
      );
    }
  }
  const words = (value: unknown) =>
    Array.isArray(value)
      ? value.map(plain)
      : value === undefined || value === null
      ? []
      : wordsOf(plain(value));
  return {
    env: Object.fromEntries(pairs),
    args: [...words(found["entrypoint"]), ...words(found["command"])],
    warnings,
  };
}

function choose(
  services: ReadonlyMap<string, Service>,
  image: RegExp,
  wanted: string | undefined,
): [string, Service] {
  if (wanted !== undefined) {
    const service = services.get(wanted);
    if (service !== undefined) return [wanted, service];
    throw new ImportError(`has no service ${wanted}; it has ${[...services.keys()].join(", ")}`);
  }
  const fitting = [...services].filter(([, service]) => image.test(String(service["image"] ?? "")));
  if (fitting.length === 1) return fitting[0]!;
  const names = [...(fitting.length === 0 ? services.keys() : fitting.map(([name]) => name))];
  throw new ImportError(
    `has ${fitting.length === 0 ? "no service" : "several services"} of that image: ` +
      `choose one of ${names.join(", ")} with --service`,
  );
}

/** `$$` is a dollar sign in compose files; variables have values only where compose runs. */
function interpolated(text: string, warnings: string[]): string {
  const variable =
    /\$(?:(\$)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*)|[^}]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g;
  return text.replace(variable, (_, dollar, braced, fallback, bare) => {
    if (dollar !== undefined) return "$";
    warnings.push(
      `the compose file takes ${braced ?? bare} from elsewhere: ${
        fallback === undefined ? "it is taken for empty" : `its default ${fallback} is taken`
      }`,
    );
    return fallback ?? "";
  });
}

function fromCommandLine(text: string): Settings {
  const words = wordsOf(text.replaceAll("\\\n", " "));
  const env = words.flatMap((word, at) => {
    const given = /^(?:-e|--env)$/.test(words[at - 1] ?? "")
      ? word
      : /^--env=(.*)$/s.exec(word)?.[1];
    return given === undefined ? [] : [cut(given)];
  });
  return { env: Object.fromEntries(env), args: words, warnings: [] };
}

/** Lines as docker's --env-file and compose's env_file have them. */
function fromEnvFile(text: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, value] =
      /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line) ??
        [];
    if (name === undefined || value === undefined) {
      throw new ImportError(`line ${index + 1} is not NAME=value: ${JSON.stringify(line)}`);
    }
    env[name] = /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value.replace(/\s+#.*$/, "");
  }
  return env;
}

function cut(pair: string): readonly [string, string] {
  const equals = pair.indexOf("=");
  return equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
