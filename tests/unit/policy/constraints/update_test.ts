import assert from "node:assert/strict";
import type { Limits } from "../../../../lib/policy/constraints/types.ts";
import { verdict } from "./trial.ts";

const limited: Limits = { memory: 1000, cpus: 1.5, pids: 100, restart_policies: ["no"] };

const rows: readonly (readonly [limits: Limits, body: object, verdict: string])[] = [
  [limited, {}, "fine"],
  // What `docker update --cpu-shares 5` sends.
  [limited, { CpuShares: 5, Memory: 0, NanoCpus: 0, PidsLimit: null, CpuQuota: 0 }, "fine"],
  [limited, { Memory: 1000, MemorySwap: 2000 }, "fine"],
  [limited, { Memory: 1001 }, "memory"],
  [limited, { Memory: -1 }, "memory"],
  [limited, { MemorySwap: -1 }, "memory"],
  [limited, { NanoCpus: 1_500_000_000 }, "fine"],
  [limited, { NanoCpus: 2_000_000_000 }, "cpus"],
  [limited, { CpuQuota: -1 }, "cpus"],
  [limited, { CpuQuota: 100_000 }, "cpus"],
  [limited, { CpuPeriod: 1000 }, "cpus"],
  [limited, { CpuQuota: 100_000, CpuPeriod: 100_000 }, "fine"],
  [limited, { CpuQuota: 100_000, CpuPeriod: 10_000 }, "cpus"],
  [limited, { PidsLimit: 100 }, "fine"],
  [limited, { PidsLimit: 101 }, "pids"],
  [limited, { PidsLimit: 0 }, "pids"],
  [limited, { PidsLimit: -1 }, "pids"],
  [limited, { RestartPolicy: { Name: "no" } }, "fine"],
  [limited, { RestartPolicy: { Name: "" } }, "fine"],
  [limited, { RestartPolicy: { Name: "always" } }, "restart_policies"],
  [{}, { RestartPolicy: { Name: "always" }, Memory: -1, PidsLimit: -1 }, "fine"],
  [{}, { Devices: [{ PathOnHost: "/dev/sda" }] }, "devices"],
  [{}, { DeviceRequests: [{ Count: -1 }] }, "device_requests"],
  [{}, { DeviceCgroupRules: ["a *:* rwm"] }, "device_cgroup_rules"],
  [{}, { Devices: null, DeviceRequests: [], DeviceCgroupRules: null }, "fine"],
  [{}, { CgroupParent: "/x" }, "cgroup_parents"],
  [{ cgroup_parents: ["/ci/**"] }, { CgroupParent: "/ci/../x" }, "cgroup_parents"],
  [{}, { OomKillDisable: true }, "oom_protection"],
];

for (const [limits, body, expected] of rows) {
  const said = expected === "fine" ? "take" : "deny";
  Deno.test(`the limits ${JSON.stringify(limits)} ${said} the update ${JSON.stringify(body)}`, () => {
    assert.equal(verdict({ path: "/containers/web/update", limits, body }), expected);
  });
}
