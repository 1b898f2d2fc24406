import { peerJson } from "../audit/record.ts";
import type { AuthzSettings } from "../config/types.ts";
import { decisionOf } from "../policy/constraints/decision.ts";
import { describeDenial } from "../policy/decide.ts";
import type { Decision, Gate } from "../policy/types.ts";
import { type Admitted, Gatekeeper } from "../relay/gatekeeper.ts";
import { Judge, judgeAnew, type Judgement } from "../relay/judge.ts";
import { describeRequest, Recorder, UNRECORDED } from "../relay/recorder.ts";
import { type Assign, assigning, type Known } from "./assign.ts";
import { type Ask, examine } from "./examine.ts";
import type { OwnLookups } from "./own_lookups.ts";
import type { PluginAnswer, PluginRequest } from "./protocol.ts";
import { isGlassBroken, type Seal, throughBrokenGlass, unsealed } from "./seal.ts";

/** What its records have for a listener's name. */
const LISTENER = "authz";
/** Names of certificates that are remembered. */
const MOST_CLIENTS = 1024;

/** Whom a request comes from, and who writes down what became of it. */
interface Client extends Known {
  readonly recorder: Recorder;
}

const ALLOWED: PluginAnswer = { allow: true, message: "" };

/** Decides for the engine about its requests, by the policies of the gate. */
export class Authorizer {
  readonly #gatekeeper: Gatekeeper;
  readonly #recorded: boolean;
  readonly #lookups: OwnLookups;
  readonly #ask: (settings: AuthzSettings) => Ask;
  #assign!: Assign;
  #asking!: Ask;
  /** What comes through the gate passes; absent where all is judged here. */
  readonly #seal: Seal | undefined;
  /** The gate's sockets. */
  #sockets: readonly string[] = [];
  #breakGlass = "";
  readonly #clients = new Map<string, Client>();

  /** `gatekeeper` writes the records; `ask` asks the engine of these settings, with the line of `lookups`. */
  constructor(
    gatekeeper: Gatekeeper,
    recorded: boolean,
    lookups: OwnLookups,
    ask: (settings: AuthzSettings) => Ask,
    seal?: Seal,
  ) {
    this.#seal = seal;
    this.#gatekeeper = gatekeeper;
    this.#recorded = recorded;
    this.#lookups = lookups;
    this.#ask = ask;
  }

  /** From now on these rules count. `sockets`: where the gate is. */
  replace(settings: AuthzSettings, gate: Gate, sockets: readonly string[] = []): void {
    this.#sockets = sockets;
    this.#breakGlass = settings.breakGlass;
    this.#assign = assigning(settings, gate.policies);
    this.#asking = this.#ask(settings);
    this.#clients.clear();
  }

  async authorize(request: PluginRequest): Promise<PluginAnswer> {
    if (this.#seal?.isOn(request) === true) return ALLOWED;
    const own = this.#lookups.recognise(request);
    if (own === true) return ALLOWED;
    const client = this.#client(request);
    if (own === false) return this.#answer(client, request, pretended(client, request));
    if (this.#seal === undefined || client.peer.user !== undefined) {
      return this.#answer(client, request, await this.#judge(client, request));
    }
    const judgement = isGlassBroken(this.#breakGlass)
      ? throughBrokenGlass(client, request, this.#breakGlass)
      : unsealed(await this.#judge(client, request), this.#sockets);
    return this.#answer(client, request, judgement);
  }

  async #judge({ assignment }: Client, request: PluginRequest): Promise<Judgement> {
    const judgement = judgeAnew(assignment, request.method, request.target);
    const { conditions } = judgement;
    if (conditions === undefined) return judgement;
    const finding = await examine(conditions, request, this.#asking);
    if (finding.ok) return judgement;
    const { policy } = assignment;
    const { operation, constraints } = conditions;
    const decision = decisionOf(policy, operation, constraints, finding);
    return { ...judgement, status: policy.mode === "warn" ? 0 : finding.status, decision };
  }

  /** Records the judgement, and says it in the engine's terms. */
  #answer({ peer, recorder }: Client, request: PluginRequest, judgement: Judgement): PluginAnswer {
    const { decision, operation, status, path } = judgement;
    const id = this.#gatekeeper.idOf(this.#gatekeeper.nextNumber());
    const { method } = request;
    const recorded = { rule: decision.rule, request: describeRequest(method, judgement) };
    let denial: Extract<Decision, { allow: false }>;
    if (status === 0) {
      const relayed = decision.allow
        ? { decision: "allow" as const }
        : { decision: "would-deny" as const, reason: decision.reason };
      if (recorder.connected(id, { ...recorded, ...relayed })) return ALLOWED;
      denial = { allow: false, policy: decision.policy, ...UNRECORDED };
    } else {
      if (decision.allow) throw new TypeError("Cannot deny what is allowed");
      denial = decision;
      const { reason } = decision;
      recorder.decision(id, { ...recorded, decision: "deny", reason, status });
    }
    const named = operation === undefined ? {} : { operation: operation.name };
    const message = describeDenial({ ...named, method, path, peer, decision: denial, id });
    return { allow: false, message };
  }

  /** What is made of a client once. */
  #client(request: PluginRequest): Client {
    const known = this.#assign(request);
    const key = JSON.stringify([request.authMethod, request.user]);
    const remembered = this.#clients.get(key);
    if (remembered !== undefined) return remembered;
    const { peer, assignment } = known;
    const admitted: Admitted = {
      peer,
      assignment,
      judge: new Judge(assignment),
      peerJson: this.#recorded ? peerJson(peer) : "",
      generation: 0,
    };
    const client = { ...known, recorder: new Recorder(this.#gatekeeper, admitted, LISTENER) };
    if (this.#clients.size >= MOST_CLIENTS) this.#clients.clear();
    this.#clients.set(key, client);
    return client;
  }
}

/** A request with a line of Postern's own that is not Postern's. */
function pretended({ assignment: { policy } }: Client, { target }: PluginRequest): Judgement {
  const decision: Decision = {
    allow: false,
    policy: policy.name,
    rule: "authz",
    reason: "it says that it is Postern's own question to the engine, and it is not",
    hint: "leave the header X-Postern-Lookup out",
  };
  return { status: 400, decision, path: target.split("?", 1)[0]! };
}
