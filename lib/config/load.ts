import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { auditAt, auditProblem, inTheStead } from "./audit_file.ts";
import { resolveAuthz } from "./authz.ts";
import { items } from "./clients.ts";
import { type Diagnostic, sorted, wholeFile } from "./diagnostics.ts";
import type { YamlFile } from "./document.ts";
import { findPolicyFiles, readYaml } from "./files.ts";
import type { ConfigFs } from "./fs.ts";
import { resolveGate } from "./gate.ts";
import { validate, type Validated } from "./issues.ts";
import { parseDuration } from "./limits.ts";
import { stemOf } from "./listener.ts";
import { listenerAt, loopMessage, type Placed, resolveListeners } from "./listeners.ts";
import { type Overrides, readOverrides } from "./overrides.ts";
import { compilePolicies, type PolicyFile } from "./policies.ts";
import { namedPresets } from "./presets.ts";
import { resolveRunAs } from "./run_as.ts";
import { configSchema, type LooseConfig, policySchema } from "./schema.ts";
import {
  type AuditTarget,
  type Config,
  DEFAULT_DRAIN,
  DEFAULT_LOG,
  DEFAULT_RELOAD,
  DEFAULT_UPSTREAM,
  type ListenerConfig,
  type NameService,
  type RunAs,
} from "./types.ts";
import { parseSocketPath } from "./values.ts";

/** Everything that a configuration depends on. */
export interface LoadOptions {
  /** Path of the config file. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Flags, which beat the environment. */
  readonly overrides: Overrides;
  readonly names: NameService;
  readonly fs: ConfigFs;
}

/** A configuration, or everything that is wrong with it at once. `sources` are the texts that were read, by file. */
export type LoadResult =
  & { readonly sources: ReadonlyMap<string, string> }
  & (
    | { readonly ok: true; readonly config: Config }
    | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }
  );

/** Reads, checks and resolves a config file and its policy files. */
export function loadConfig(options: LoadOptions): LoadResult {
  const load = new Loading(options);
  const config = load.config();
  const { sources, diagnostics } = load;
  return config !== undefined && diagnostics.length === 0
    ? { ok: true, config, sources }
    : { ok: false, diagnostics: sorted(diagnostics), sources };
}

class Loading {
  readonly sources = new Map<string, string>();
  readonly diagnostics: Diagnostic[] = [];
  readonly #options: LoadOptions;
  /** A folder of several files is one mistake, not several. */
  readonly #report = (diagnostic: Diagnostic) => {
    if (!this.diagnostics.some((known) => isDeepStrictEqual(known, diagnostic))) {
      this.diagnostics.push(diagnostic);
    }
  };

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Undefined when there is nothing to go on with. A config that was returned counts only when nothing was reported. */
  config(): Config | undefined {
    const { file, env, overrides, names, fs } = this.#options;
    const overriding = readOverrides(env, overrides, this.#report);
    const yaml = this.#read(file, basename(file));
    const data = yaml && this.#checked(validate(configSchema, yaml));
    if (yaml === undefined || data === undefined) return undefined;

    // What is overridden is checked too: it counts again as soon as the flag is left out.
    const own = {
      upstream: this.#upstream(yaml, data),
      audit: auditAt(yaml, data.audit, this.#report),
    };
    const { upstream } = { ...own, ...overriding };
    const audit = inTheStead(own.audit, overriding.audit);
    const scope = { names, fs, upstream, report: this.#report };
    const placed = resolveListeners(yaml, data.listeners ?? [], fs, scope);
    // One that is no list was reported as such.
    const unlisted = !yaml.has(["listeners"]) && !yaml.has(["authz"]);
    if (data.listeners?.length === 0 || unlisted) {
      const hint = "add one: listeners: [{socket: /run/postern/docker.sock}]";
      const message = "there are no listeners, so nobody could connect";
      this.#report(yaml.atKey("no-listeners", ["listeners"], message, hint));
    }
    this.#requireNoLoop(yaml, upstream, placed);
    this.#requireFolder(yaml, audit);

    const { files, complete } = this.#policyFiles(yaml, data);
    const presets = namedPresets(data, files, this.#report);
    const known = compilePolicies([...files, ...presets], complete, this.#report);
    const runAs = resolveRunAs(yaml, data.run_as, {
      names,
      fs,
      upstreams: [
        ...placed.map(({ listener }) => listener.upstream),
        ...(data.authz === undefined ? [] : [upstream]),
      ],
      report: this.#report,
    });
    const listeners = placed.map(({ listener }) => ownedBy(runAs, listener));
    const parts = { yaml, data, listeners: placed, files, known, complete };
    const clientScope = { names, listeners: listenerNames(data), report: this.#report };
    const gate = resolveGate(parts, clientScope);
    const authz = resolveAuthz(parts, upstream, clientScope);
    return {
      file,
      listeners,
      policyFiles: files.map(({ yaml, data }) => ({ file: yaml.file, policy: data.name ?? "" })),
      presets: presets.map(({ data }) => data.name ?? ""),
      gate,
      audit,
      workers: overriding.workers ?? data.workers ?? 1,
      log: {
        level: data.log?.level ?? DEFAULT_LOG.level,
        format: data.log?.format ?? DEFAULT_LOG.format,
      },
      reload: {
        watch: data.reload?.watch ?? DEFAULT_RELOAD.watch,
        revoke: data.reload?.revoke ?? DEFAULT_RELOAD.revoke,
      },
      ...(runAs === undefined ? {} : { runAs }),
      ...(data.max_connections === undefined ? {} : { maxConnections: data.max_connections }),
      ...(data.max_connections_per_uid === undefined
        ? {}
        : { maxConnectionsPerUid: data.max_connections_per_uid }),
      drain: this.#drain(yaml, data),
      ...(authz === undefined ? {} : { authz }),
    };
  }

  #read(file: string, label: string): YamlFile | undefined {
    const found = readYaml(this.#options.fs, file, label, this.#report);
    if (found !== undefined) this.sources.set(file, found.text);
    return found?.yaml.data === undefined ? undefined : found.yaml;
  }

  #checked<T>({ data, diagnostics }: Validated<T>): T | undefined {
    diagnostics.forEach(this.#report);
    return data;
  }

  #upstream(yaml: YamlFile, { upstream }: LooseConfig): string {
    const parsed = parseSocketPath(upstream ?? DEFAULT_UPSTREAM);
    if ("value" in parsed) return parsed.value;
    const message = `upstream ${parsed.problem}`;
    this.#report(yaml.atValue("bad-path", ["upstream"], message, parsed.hint));
    return DEFAULT_UPSTREAM;
  }

  #drain(yaml: YamlFile, { drain }: LooseConfig): number {
    if (drain === undefined) return DEFAULT_DRAIN;
    const parsed = parseDuration(drain);
    if ("value" in parsed) return parsed.value;
    this.#report(yaml.atValue("wrong-value", ["drain"], `drain ${parsed.problem}`, parsed.hint));
    return DEFAULT_DRAIN;
  }

  #requireNoLoop(yaml: YamlFile, upstream: string, placed: readonly Placed[]): void {
    const { fs } = this.#options;
    const behind = listenerAt(placed.map(({ listener }) => listener), upstream, fs);
    if (behind === undefined) return;
    const message = loopMessage(behind);
    const source = this.#sourceOf("upstream");
    this.#report(
      source === undefined
        ? yaml.atValue("upstream-loop", ["upstream"], message)
        : wholeFile("upstream-loop", source, message),
    );
  }

  #requireFolder(yaml: YamlFile, audit: AuditTarget): void {
    const found = auditProblem(this.#options.fs, audit);
    if (found === undefined) return;
    const source = this.#sourceOf("audit");
    this.#report(
      source === undefined
        ? yaml.atValue("bad-path", ["audit", "file"], found.problem, found.hint)
        : wholeFile("bad-path", source, found.problem, found.hint),
    );
  }

  /** Where a value comes from that beats the file's. */
  #sourceOf(name: "upstream" | "audit"): string | undefined {
    const { env, overrides } = this.#options;
    if (overrides[name] !== undefined) return "command line";
    return env[`POSTERN_${name.toUpperCase()}`] ? "environment" : undefined;
  }

  #policyFiles(yaml: YamlFile, data: LooseConfig): { files: PolicyFile[]; complete: boolean } {
    const patterns = items(data.policies, ["policies"]);
    const before = this.diagnostics.length;
    const found = findPolicyFiles(this.#options.fs, yaml, patterns, this.#report);
    let complete = this.diagnostics.length === before;
    const files: PolicyFile[] = [];
    for (const { file, label } of found) {
      const policy = this.#read(file, label);
      const data = policy && this.#checked(validate(policySchema, policy));
      if (data?.name === undefined) complete = false;
      if (policy !== undefined && data !== undefined) files.push({ yaml: policy, data });
    }
    return { files, complete };
  }
}

/** Sockets that are nobody's in particular are Postern's own: it goes on looking after them when it is not root any more. */
function ownedBy(runAs: RunAs | undefined, listener: ListenerConfig): ListenerConfig {
  return runAs === undefined || listener.tcp !== undefined
    ? listener
    : { uid: runAs.uid, gid: runAs.gid, ...listener };
}

/** Also of listeners that have mistakes, so that naming one is not a mistake of its own. */
function listenerNames({ listeners }: LooseConfig): string[] {
  return (listeners ?? []).flatMap((entry) => {
    const place = entry?.listen ?? entry?.socket;
    return entry?.name ?? (place === undefined ? [] : stemOf(place));
  });
}
