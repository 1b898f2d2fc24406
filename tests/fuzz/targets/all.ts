import type { Target } from "../target.ts";
import { audit } from "./audit.ts";
import { bodies } from "./bodies.ts";
import { chunked } from "./chunked.ts";
import { config } from "./config.ts";
import { paths } from "./paths.ts";
import { requests } from "./requests.ts";
import { responses } from "./responses.ts";

export const targets: readonly Target[] = [
  requests,
  chunked,
  responses,
  paths,
  bodies,
  config,
  audit,
];
