import { type Diagnostic, formatDiagnostics, wholeFile } from "../config/diagnostics.ts";
import { describeFailure } from "../config/failure.ts";
import {
  type Caller,
  type PolicyTest,
  readTestTable,
  type TestTable,
} from "../config/test_table.ts";
import type { Config } from "../config/types.ts";
import { wordsOf } from "../docker_cli/words.ts";
import { CommandError } from "../docker_cli/request.ts";
import { choosePolicy } from "../policy/choose.ts";
import type { Assignment } from "../policy/types.ts";
import { UsageError } from "./arguments.ts";
import { describedPeer } from "./caller.ts";
import { consider, type Considered, describeLookup, type Oracle, outcomeOf } from "./consider.ts";
import { considerCommand, firstObstacle } from "./docker_line.ts";
import { chosenListener } from "./explain.ts";
import { asksNobody } from "./oracle.ts";
import { NO, OK, type World } from "./world.ts";

/** What came of one test; `problem` says why it failed. */
interface Result {
  readonly test: PolicyTest;
  readonly outcome: "allow" | "deny" | "undecided" | "error";
  readonly rule?: string;
  readonly constraint?: string;
  readonly problem?: string;
}

/** `postern check --tests FILE`: what the policies say of a table of requests, held against what is expected. */
export async function checkTests(
  config: Config,
  file: string,
  json: boolean,
  world: World,
): Promise<number> {
  const loaded = load(config, file);
  if ("diagnostics" in loaded) {
    const { diagnostics, sources } = loaded;
    if (json) world.stdout(JSON.stringify({ valid: false, diagnostics }) + "\n");
    else world.stderr(formatDiagnostics(diagnostics, sources, { color: world.color.stderr }));
    return NO;
  }
  const { table, assignment } = loaded;
  const results: Result[] = [];
  for (const test of table.tests) results.push(await tried(assignment, test));
  world.stdout((json ? asJson : asText)(results));
  return results.some(({ problem }) => problem !== undefined) ? NO : OK;
}

type Loaded =
  | { readonly table: TestTable; readonly assignment: Assignment }
  | { readonly diagnostics: readonly Diagnostic[]; readonly sources: ReadonlyMap<string, string> };

function load(config: Config, file: string): Loaded {
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
  } catch (error) {
    const message = `cannot read this file: ${describeFailure(error)}`;
    return { diagnostics: [wholeFile("unreadable", file, message)], sources: new Map() };
  }
  const sources = new Map([[file, text]]);
  const read = readTestTable(file, text, Object.keys(config.gate.policies));
  if ("diagnostics" in read) return { diagnostics: read.diagnostics, sources };
  try {
    return { table: read.table, assignment: assignmentOf(config, read.table.caller, file) };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { diagnostics: [wholeFile("wrong-value", file, error.message)], sources };
  }
}

function assignmentOf(config: Config, caller: Caller, file: string): Assignment {
  if ("policy" in caller) {
    return { policy: config.gate.policies[caller.policy]!, rule: `test table ${file}` };
  }
  const listener = chosenListener(config, caller.listener);
  return choosePolicy(config.gate, listener.name, describedPeer(caller.flags));
}

async function tried(assignment: Assignment, test: PolicyTest): Promise<Result> {
  const oracle: Oracle = (lookup) => test.answers.get(describeLookup(lookup)) ?? asksNobody(lookup);
  try {
    return held(test, await outcome(assignment, test, oracle));
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof CommandError)) throw error;
    return { test, outcome: "error", problem: error.message };
  }
}

/** What was decided: of a command, by the request that keeps it from its work, or else by its last. */
async function outcome(
  assignment: Assignment,
  { asked }: PolicyTest,
  oracle: Oracle,
): Promise<Considered> {
  if ("command" in asked) {
    const words = typeof asked.command === "string" ? wordsOf(asked.command) : asked.command;
    // Relative paths stay: a table says the same wherever it is run.
    const found = await considerCommand(assignment, words, "", oracle);
    return firstObstacle(found) ?? found.steps.at(-1)!;
  }
  const { body, ...request } = asked;
  const bytes = body === undefined ? {} : { body: new TextEncoder().encode(body) };
  return await consider(assignment, { ...request, ...bytes }, oracle);
}

function held(test: PolicyTest, considered: Considered): Result {
  const { dependsOn, constraint, judgement: { decision } } = considered;
  if (dependsOn !== undefined) {
    const lookup = JSON.stringify(describeLookup(dependsOn));
    const problem = `it depends on a lookup; give its answer: answers: {${lookup}: …}`;
    return { test, outcome: "undecided", rule: decision.rule, problem };
  }
  // Whatever mode warn lets pass, the rules deny it.
  const outcome = outcomeOf(considered) === "allow" ? "allow" : "deny";
  const result = {
    test,
    outcome,
    rule: decision.rule,
    ...(constraint === undefined ? {} : { constraint }),
  } as const;
  const came = decision.allow
    ? `allowed by ${decision.rule}`
    : `denied by ${decision.rule}: ${decision.reason}`;
  if (outcome !== test.expect) {
    return { ...result, problem: `expected ${test.expect}, was ${came}` };
  }
  if (test.constraint === undefined || test.constraint === constraint) return result;
  return { ...result, problem: `expected the constraint ${test.constraint}, was ${came}` };
}

function asText(results: readonly Result[]): string {
  const failed = results.filter(({ problem }) => problem !== undefined);
  const lines = failed.map(({ test, problem }) => `${test.origin}: ${test.name}: ${problem}\n`);
  return `${lines.join("")}${results.length} tests, ${failed.length} failed\n`;
}

function asJson(results: readonly Result[]): string {
  const failed = results.filter(({ problem }) => problem !== undefined).length;
  return JSON.stringify({
    valid: true,
    tests: results.length,
    failed,
    results: results.map(({ test, outcome, rule, constraint, problem }) => ({
      name: test.name,
      origin: test.origin,
      expected: test.expect,
      outcome,
      rule: rule ?? null,
      constraint: constraint ?? null,
      problem: problem ?? null,
    })),
  }) + "\n";
}
