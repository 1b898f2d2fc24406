import { tcpPlaceOf } from "../bind.ts";
import { matchPatterns, type PatternRule } from "./patterns.ts";
import { readSettings } from "./settings.ts";
import { ImportError, type Source } from "./source.ts";

const sections =
  ("auth build commit configs containers debug distribution events exec grpc images info networks nodes " +
    "_ping plugins secrets services session swarm system tasks version volumes").split(" ");
const libpodSections =
  ("build commit containers events exec generate images info manifests networks _ping play pods " +
    "secrets system version volumes").split(" ");

const prefixes = (start: string, names: readonly string[]) =>
  Object.fromEntries(
    names.map((name) => [`${start}_${name.replace("_", "").toUpperCase()}`, `%${start}%/${name}`]),
  );

/** The variables that patterns can name (cetusguard 1.1.3). */
const variables: Readonly<Record<string, string>> = {
  _API_VERSION: "(?:/v[0-9]+(?:\\.[0-9]+)*)",
  _OBJECT_ID: "(?:[a-fA-F0-9]+)",
  _OBJECT_NAME: "(?:[a-zA-Z0-9][a-zA-Z0-9_.-]+)",
  API_PREFIX: "%_API_VERSION%?",
  ...prefixes("API_PREFIX", sections),
  API_PREFIX_LIBPOD: "%_API_VERSION%/libpod",
  ...prefixes("API_PREFIX_LIBPOD", libpodSections),
  ...Object.fromEntries(
    ["CONTAINER", "VOLUME", "NETWORK", "PLUGIN"].flatMap((kind) => [
      [`${kind}_ID`, "%_OBJECT_ID%"],
      [`${kind}_NAME`, "%_OBJECT_NAME%"],
      [`${kind}_ID_OR_NAME`, `(?:%${kind}_ID%|%${kind}_NAME%)`],
    ]),
  ),
  NETWORK_NAME: "(?:[^/]+)",
  PLUGIN_NAME: "%IMAGE_NAME%",
  DOMAIN: "(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?" +
    "(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*)",
  IPV4: "(?:[0-9]{1,3}(?:\\.[0-9]{1,3}){3})",
  IPV6: "(?:\\[[a-fA-F0-9]{0,4}(?::[a-fA-F0-9]{0,4}){2,7}(?:%[a-zA-Z0-9_]+)?\\])",
  IP: "(?:%IPV4%|%IPV6%)",
  DOMAIN_OR_IP: "(?:%DOMAIN%|%IP%)",
  HOST: "(?:%DOMAIN_OR_IP%(?::[0-9]+)?)",
  IMAGE_ID: "%_OBJECT_ID%",
  IMAGE_COMPONENT: "(?:[a-zA-Z0-9]+(?:(?:\\.|_{1,2}|-+)[a-zA-Z0-9]+)*)",
  IMAGE_TAG: "(?:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})",
  IMAGE_DIGEST: "(?:[a-zA-Z][a-zA-Z0-9]*(?:[_.+-][a-zA-Z][a-zA-Z0-9]*)*:[a-fA-F0-9]{32,})",
  IMAGE_NAME: "(?:(?:%HOST%/)?%IMAGE_COMPONENT%(?:/%IMAGE_COMPONENT%)*)",
  IMAGE_REFERENCE: "(?:%IMAGE_NAME%(?::%IMAGE_TAG%)?(?:@%IMAGE_DIGEST%)?)",
  IMAGE_ID_OR_REFERENCE: "(?:%IMAGE_ID%|%IMAGE_REFERENCE%)",
};

/** What it allows unless it is told not to. */
const builtin = [
  "GET,HEAD %API_PREFIX_PING%",
  "GET,HEAD %API_PREFIX_LIBPOD_PING%",
  "GET %API_PREFIX_VERSION%",
  "GET %API_PREFIX_LIBPOD_VERSION%",
  "GET %API_PREFIX_INFO%",
  "GET %API_PREFIX_LIBPOD_INFO%",
].join("\n");

const RULE = /^[\t ]*([A-Z]+(?:,[A-Z]+)*)[\t ]+(.+?)[\t ]*$/;
const COMMENT = /^[\t ]*(?:!.*)?$/;
const TRUE = /^(?:1|t|true)$/i;

/** Imports cetusguard: files of rules, or a compose file with CETUSGUARD_RULES. Throws an ImportError. */
export function importCetusguard(texts: readonly string[], service?: string): Source {
  const read = texts.map((text) => readOne(text, service));
  const rules = [
    ...(read.some(({ builtinRules }) => builtinRules) ? parseRules(builtin, "built in: ") : []),
    ...read.flatMap(({ rules }) => parseRules(rules, "")),
  ];
  const { warnings, ...matched } = matchPatterns(rules);
  const frontends = read.flatMap(({ frontend }) => frontend);
  const socket = frontends.find((address) => address.startsWith("unix://"))?.slice(
    "unix://".length,
  );
  const ports = frontends.filter((address) => !address.startsWith("unix://"));
  const tcp = socket === undefined && ports[0] !== undefined
    ? tcpPlaceOf(ports[0].replace(/^tcp:\/\//, ""))
    : undefined;
  const untranslated = tcp === undefined ? ports : ports.slice(1);
  const upstream = read.map(({ backend }) => backend).findLast((address) => address !== undefined);
  return {
    name: "cetusguard",
    ...matched,
    ...(socket !== undefined
      ? { listener: { socket } }
      : tcp === undefined
      ? {}
      : { listener: { tcp } }),
    ...(upstream === undefined ? {} : { upstream }),
    constraints: "none",
    warnings: [
      ...read.flatMap(({ warnings }) => warnings),
      ...warnings,
      ...untranslated.map((address) =>
        `${address}: the source listens there, too, and this configuration does not: write another listener`
      ),
    ],
  };
}

interface Read {
  readonly rules: string;
  readonly builtinRules: boolean;
  readonly frontend: readonly string[];
  readonly backend?: string;
  readonly warnings: readonly string[];
}

function readOne(text: string, service: string | undefined): Read {
  const isRules = text.split(/\r?\n/).every((line) => COMMENT.test(line) || RULE.test(line));
  if (isRules) return { rules: text, builtinRules: true, frontend: [], warnings: [] };
  const { env, args, warnings } = readSettings(text, { image: /hectorm\/cetusguard/, service });
  const flags = (name: string) =>
    args.flatMap((arg, index) => {
      const [, value] = new RegExp(`^--?${name}(?:=(.*))?$`, "s").exec(arg) ??
        [undefined, undefined];
      const given = arg.replace(/^--?/, "") === name ? args[index + 1] : value;
      return given === undefined ? [] : [given];
    });
  const list = (flag: string, variable: string) => {
    const given = flags(flag);
    if (given.length > 0 || !env[variable]) return given;
    return [env[variable]];
  };
  const ruleFiles = list("rules-file", "CETUSGUARD_RULES_FILE");
  const written = flags("rules");
  const backend = flags("backend-addr").at(-1) ?? (env["CETUSGUARD_BACKEND_ADDR"] || undefined);
  const without = args.some((arg) => /^--?no-builtin-rules(?:=(?:1|t|true))?$/i.test(arg)) ||
    TRUE.test(env["CETUSGUARD_NO_BUILTIN_RULES"] ?? "");
  return {
    rules: written.length > 0 ? written.join("\n") : env["CETUSGUARD_RULES"] ?? "",
    builtinRules: !without,
    frontend: list("frontend-addr", "CETUSGUARD_FRONTEND_ADDR"),
    ...(backend === undefined ? {} : { backend }),
    warnings: [
      ...warnings,
      ...ruleFiles.map((file) => `the rules of ${file} are not read: name that file as well`),
    ],
  };
}

function parseRules(text: string, before: string): PatternRule[] {
  return text.split(/\r?\n/).filter((line) => !COMMENT.test(line)).map((line) => {
    const [, methods, pattern] = RULE.exec(line) ?? [];
    if (methods === undefined || pattern === undefined) {
      throw new ImportError(`has a line that is no rule: ${JSON.stringify(line)}`);
    }
    return {
      methods: methods.split(","),
      pattern: expand(pattern),
      text: before + line.trim(),
    };
  });
}

function expand(pattern: string): string {
  let expanded = pattern;
  for (let before = ""; before !== expanded;) {
    before = expanded;
    expanded = expanded.replace(
      /%([A-Z0-9_]+)%/g,
      (whole, name: string) => Object.hasOwn(variables, name) ? variables[name]! : whole,
    );
  }
  return expanded;
}
