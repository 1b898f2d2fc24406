import assert from "node:assert/strict";
import { parseJson } from "../../../../lib/json/parse.ts";
import { forwarded, look, type Surroundings, verdict } from "./trial.ts";

const web = "a".repeat(64);
const db = "d".repeat(64);

const surroundings: Surroundings = {
  container: {
    web: { Id: web, Name: "/web", Mounts: [] },
    aa: { Id: web, Name: "/web", Mounts: [] },
    db: { Id: db, Name: "/db", Mounts: [] },
  },
};

const replaced: readonly (readonly [host: unknown, limits: object, expected: unknown])[] = [
  [{ VolumesFrom: ["web"] }, {}, { VolumesFrom: [web] }],
  [{ VolumesFrom: ["/aa:ro", "db:z"] }, {}, { VolumesFrom: [`${web}:ro`, `${db}:z`] }],
  [{ PidMode: "container:aa" }, { pid_mode: ["container:*"] }, { PidMode: `container:${web}` }],
  [{ IpcMode: "container:web" }, { ipc_mode: ["container:*"] }, { IpcMode: `container:${web}` }],
  [{ NetworkMode: "container:db" }, { networks: ["container:db"] }, {
    NetworkMode: `container:${db}`,
  }],
  [{ Links: ["db:d", "web"] }, { links: ["*"] }, { Links: [`${db}:d`, `${web}:web`] }],
  [{ Links: ["/db:/app/d"] }, { links: ["db"] }, { Links: [`${db}:d`] }],
];

for (const [host, limits, expected] of replaced) {
  Deno.test(`the ids that were judged go to the engine in ${JSON.stringify(host)}`, () => {
    const body = { Image: "alpine", HostConfig: host };
    const text = forwarded({ body, limits, surroundings });
    assert.deepEqual(JSON.parse(text), { Image: "alpine", HostConfig: expected });
  });
}

Deno.test("links in an endpoint are judged, and stay, since a network's DNS knows no full ids", () => {
  const settings = { EndpointsConfig: { n: { Links: ["db:d"] } } };
  const body = { Image: "alpine", NetworkingConfig: settings };
  const finding = look({ body, limits: { links: ["db"] }, surroundings });
  assert.deepEqual(finding, { ok: true, edits: [], added: [] });
});

Deno.test("numbers and blanks around a replaced name stay as they are", () => {
  const body =
    '{ "Image" : "alpine", "HostConfig": { "ShmSize": 9007199254740993, "VolumesFrom": [ "w\\u0065b" ] } }';
  const text = forwarded({ body, surroundings });
  assert.equal(text, body.replace("w\\u0065b", web));
});

Deno.test("the name of a file for the id does not reach the engine, which might remove it", () => {
  const body = { Image: "alpine", HostConfig: { ContainerIDFile: "/etc/passwd" } };
  const text = forwarded({ body });
  assert.deepEqual(JSON.parse(text), { Image: "alpine", HostConfig: { ContainerIDFile: "" } });
  assert.deepEqual(look({ body, limits: { host_mounts: "any" } }), {
    ok: true,
    edits: [],
    added: [],
  });
});

const set = {
  labels: { team: "ci", "a.b": 'x"y' },
  no_new_privileges: true,
  memory: 1024,
  cpus: 1.5,
  pids: 100,
  user: "1000:1000",
} as const;

const everything = {
  Memory: 1024,
  NanoCpus: 1_500_000_000,
  PidsLimit: 100,
  SecurityOpt: ["no-new-privileges"],
};

const filled: readonly (readonly [body: object, expected: object])[] = [
  [{}, { HostConfig: everything, Labels: set.labels, User: set.user }],
  [{ HostConfig: null, Labels: null, User: "" }, {
    HostConfig: everything,
    Labels: set.labels,
    User: set.user,
  }],
  [{ HostConfig: {}, Labels: {} }, {
    HostConfig: everything,
    Labels: set.labels,
    User: set.user,
  }],
  [
    { HostConfig: { Memory: 0, NanoCpus: 0, PidsLimit: null, SecurityOpt: [] } },
    { HostConfig: everything, Labels: set.labels, User: set.user },
  ],
  [
    {
      HostConfig: { Memory: 5, CpuQuota: 5, PidsLimit: -1, SecurityOpt: ["seccomp=builtin"] },
      Labels: { team: "x", z: "" },
      User: "5",
    },
    {
      HostConfig: {
        Memory: 5,
        CpuQuota: 5,
        PidsLimit: -1,
        SecurityOpt: ["no-new-privileges", "seccomp=builtin"],
      },
      Labels: { team: "x", z: "", "a.b": 'x"y' },
      User: "5",
    },
  ],
];

for (const [body, expected] of filled) {
  Deno.test(`what a policy sets fills up ${JSON.stringify(body)}`, () => {
    const text = forwarded({ body: { Image: "alpine", ...body }, set });
    assert.deepEqual(JSON.parse(text), { Image: "alpine", ...expected });
    // It has one reading still.
    parseJson(new TextEncoder().encode(text));
  });
}

Deno.test("the record says what was filled in", () => {
  const finding = look({ body: { Image: "alpine", Labels: { team: "x" } }, set });
  assert.ok(finding.ok);
  assert.deepEqual(finding.added, [
    'label a.b=x"y',
    "user=1000:1000",
    "memory=1024",
    "cpus=1.5",
    "pids=100",
    "no_new_privileges=true",
  ]);
});

Deno.test("nothing is added, and nothing edited, where the client said it all", () => {
  const body = { Image: "alpine", User: "1", Labels: set.labels, HostConfig: everything };
  assert.deepEqual(look({ body, set }), { ok: true, edits: [], added: [] });
});

Deno.test("a limit that is both set and required is met, and a client's own is judged", () => {
  const limits = { memory: 1024, pids: 100, user: "non-root" } as const;
  assert.equal(verdict({ body: { Image: "alpine" }, limits, set }), "fine");
  const own = { Image: "alpine", HostConfig: { Memory: 2048 } };
  assert.equal(verdict({ body: own, limits, set }), "memory");
});

Deno.test("what is filled in and what is replaced go together", () => {
  const body = { Image: "alpine", HostConfig: { VolumesFrom: ["web:ro"] } };
  const text = forwarded({ body, set: { memory: 7 }, surroundings });
  const HostConfig = { Memory: 7, VolumesFrom: [`${web}:ro`] };
  assert.deepEqual(JSON.parse(text), { Image: "alpine", HostConfig });
});
