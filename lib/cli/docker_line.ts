import { requestsOf } from "../docker_cli/parse.ts";
import { type CliRequest, CommandError, NEW_CONTAINER, NEW_EXEC } from "../docker_cli/request.ts";
import type { Answer, Lookup } from "../policy/constraints/types.ts";
import type { Assignment } from "../policy/types.ts";
import { UsageError } from "./arguments.ts";
import { type Asked, consider, type Considered, type Oracle, outcomeOf } from "./consider.ts";

/** Of the form that ids have, and no container's. */
const NEW_ID = "0".repeat(64);

/** What came of one request of a docker command line. */
export interface CommandStep extends Considered {
  /** When docker makes it, where that depends; its denial does not count then. */
  readonly only?: string;
}

/** What came of a docker command line. */
export interface CommandConsidered {
  readonly steps: readonly CommandStep[];
  readonly remarks: readonly string[];
}

/** Judges each of the requests that a docker command line makes. Throws a UsageError for one that is not understood. */
export async function considerCommand(
  assignment: Assignment,
  words: readonly string[],
  cwd: string,
  oracle: Oracle,
): Promise<CommandConsidered> {
  const { requests, remarks } = understood(words, cwd);
  const steps: CommandStep[] = [];
  const made: CliRequest[] = [];
  for (const request of requests) {
    const knowing = knowsWhatIsMade(made, oracle);
    const considered = await consider(assignment, askedBy(request), knowing);
    made.push(labelled(request, considered));
    const { only } = request;
    steps.push({ ...considered, ...(only === undefined ? {} : { only }) });
  }
  return { steps, remarks };
}

/** The first request that keeps the command from its work. */
export function firstObstacle({ steps }: CommandConsidered): CommandStep | undefined {
  const always = steps.filter(({ only }) => only === undefined);
  return always.find((step) => outcomeOf(step) === "deny") ??
    always.find((step) => outcomeOf(step) === "undecided") ??
    always.find((step) => outcomeOf(step) === "would-deny");
}

function understood(words: readonly string[], cwd: string) {
  try {
    return requestsOf(words, { cwd });
  } catch (error) {
    if (error instanceof CommandError) throw new UsageError(error.message);
    throw error;
  }
}

function askedBy({ method, target, body, contentType }: CliRequest): Asked {
  if (body === undefined) return { method, target, contentType: contentType ?? "" };
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  return { method, target, contentType: "application/json", body: bytes };
}

/** With the labels that the policy fills in, by which later requests may be held to what was made. */
function labelled(request: CliRequest, { judgement }: Considered): CliRequest {
  const labels = judgement.conditions?.constraints.set?.labels;
  if (labels === undefined || request.body === undefined) return request;
  const own = request.body["Labels"] as Record<string, string> | undefined;
  return { ...request, body: { ...request.body, Labels: { ...labels, ...own } } };
}

/** Also answers for the container and the exec that the command itself has made, which no engine knows yet. */
function knowsWhatIsMade(requests: readonly CliRequest[], oracle: Oracle): Oracle {
  const made = (path: RegExp) => requests.find(({ target }) => path.test(target));
  return async (lookup) => {
    if (lookup.kind === "container" && [NEW_CONTAINER, NEW_ID].includes(lookup.name)) {
      const create = made(/\/containers\/create(\?|$)/);
      if (create !== undefined) return { found: newContainer(create) };
    }
    if (lookup.kind === "exec" && lookup.name === NEW_EXEC) {
      const exec = made(/\/containers\/[^/]+\/exec$/);
      if (exec !== undefined) return await newExec(exec, oracle);
    }
    return await oracle(lookup);
  };
}

/** A container as the engine would tell it once it is made. */
function newContainer({ target, body }: CliRequest): unknown {
  const name = new URL(target, "http://docker").searchParams.get("name") ?? NEW_CONTAINER;
  const { HostConfig, NetworkingConfig: _, ...Config } = body as Record<string, unknown>;
  return { Id: NEW_ID, Name: `/${name}`, Image: Config["Image"], Config, HostConfig };
}

/** It is in the container that the engine means by that name. */
async function newExec({ target }: CliRequest, oracle: Oracle): Promise<Answer | undefined> {
  const name = decodeURIComponent(/\/containers\/([^/]+)\/exec/.exec(target)![1]!);
  const container: Lookup = { kind: "container", name };
  const answer = await oracle(container);
  if (answer === undefined || !("found" in answer)) return answer;
  const { Id } = answer.found as { Id?: unknown };
  return { found: { ID: NEW_EXEC, ContainerID: Id } };
}
