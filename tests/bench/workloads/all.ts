import { haproxyLogging, haproxyShipped, haproxySilent } from "../peers/haproxy.ts";
import { nginx } from "../peers/nginx.ts";
import { direct } from "../peers/peer.ts";
import {
  posternAuditing,
  posternJudging,
  posternManyListeners,
  posternManyPatterns,
  posternManyRules,
  posternSilent,
  posternTenThousandRules,
} from "../peers/postern.ts";
import { churn } from "./churn.ts";
import { mix } from "./mix.ts";
import { small } from "./small.ts";
import { stream } from "./stream.ts";
import { gates, relays } from "./relays.ts";
import type { Workload } from "./workload.ts";

const logging = [posternAuditing, haproxyLogging];

/** Every workload, in the order of the report. */
export const workloads: readonly Workload[] = [
  small("get-1", "Small GETs, 1 connection", [direct, ...relays, ...logging], {
    ...{ connections: 1, requests: 15_000, latency: true },
  }),
  small(
    "get-16",
    "Small GETs, 16 connections",
    [
      direct,
      ...relays,
      haproxyShipped,
      ...logging,
      posternManyRules,
      posternTenThousandRules,
      posternManyListeners,
    ],
    { connections: 16, requests: 50_000 },
    { note: "socat's backlog of 5 refuses some of 16 connections that come at once." },
  ),
  small(
    "get-256",
    "Small GETs, 256 connections",
    [direct, ...relays, ...logging],
    { connections: 256, requests: 50_000 },
    { note: "socat's backlog of 5 refuses most of 256 connections that come at once." },
  ),
  churn,
  small(
    "post-8k",
    "POSTs with a body of 8 KiB, 16 connections",
    [direct, ...gates, haproxyShipped, posternJudging, posternManyPatterns],
    {
      ...{ connections: 16, requests: 40_000, path: "/containers/create", post: 8192 },
    },
  ),
  small(
    "denied",
    "Denied requests, 16 connections",
    [posternSilent, haproxySilent, nginx],
    { connections: 16, requests: 80_000, path: "/secrets", expect: "4xx" },
    {
      note:
        "All three keep the connection after their 403. HAProxy would close it with the error page of Tecnativa's " +
        "image; node:net closes it, too, and is left out.",
    },
  ),
  mix,
  stream("length", "1 GiB download with Content-Length"),
  stream("chunked", "1 GiB download in chunks"),
  stream("attach", "1 GiB hijacked stream"),
  stream("load", "1 GiB upload in chunks"),
  small(
    "dockerd",
    "GET /_ping of a real dockerd, 16 connections",
    [direct, ...gates],
    { connections: 16, requests: 20_000, path: "/_ping" },
    { upstream: "dockerd" },
  ),
];
