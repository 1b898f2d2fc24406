// Runs one campaign, batch by batch, and tells of each: main.ts ends it when it hangs.
/// <reference lib="deno.worker" />
import { corpusOf } from "./corpus.ts";
import { Campaign } from "./run.ts";
import { targets } from "./targets/all.ts";

/** What main.ts asks for. */
export interface Order {
  readonly target: string;
  readonly seed: number;
  readonly batch: number;
}

/** What came of a batch. */
export interface Report {
  readonly cases: number;
  readonly answers: number;
  readonly failure?: { readonly input: string; readonly error: string };
}

let campaign: Campaign | undefined;

self.onmessage = ({ data }: MessageEvent<Order>) => {
  const target = targets.find(({ name }) => name === data.target)!;
  campaign ??= new Campaign(target, [...corpusOf(target.name).values()]);
  const failure = campaign.run(data.batch, data.seed);
  const { cases, answers } = campaign;
  const report: Report = {
    cases,
    answers,
    ...(failure === undefined
      ? {}
      : { failure: { input: failure.input, error: String(failure.error) } }),
  };
  self.postMessage(report);
};
