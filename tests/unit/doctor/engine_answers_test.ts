import assert from "node:assert/strict";
import fc from "fast-check";
import { examine } from "../../../lib/doctor/checks.ts";
import { bindsOf, containerOf, idsOf, infoOf } from "../../../lib/doctor/engine_answers.ts";
import { factsOf } from "./fake_host.ts";

Deno.test("of an answer, what is of another type than an engine's is not there", () => {
  assert.deepEqual(infoOf({ SecurityOptions: "name=userns", LiveRestoreEnabled: "yes" }), {
    SecurityOptions: [],
    isRootless: false,
    authorization: [],
    isPodman: false,
  });
  assert.equal(idsOf({ message: "no" }), undefined);
  assert.equal(idsOf([{ Id: "a" }, {}]), undefined);
  assert.deepEqual(idsOf([]), []);
  assert.equal(containerOf({ Id: 7, Name: "/x" }), undefined);
  const container = containerOf({ Id: "a", Name: "/x", Mounts: [null, 5], HostConfig: [] });
  assert.deepEqual(container?.mounts, [{ RW: true }, { RW: true }]);
  assert.equal(container?.HostConfig.Privileged, false);
});

Deno.test("of volumes, those that are bind mounts are known by what they bind", () => {
  const Volumes = [
    { Name: "a", Options: { type: "none", o: "ro,bind", device: "/run" } },
    { Name: "b", Options: { type: "none", o: "rbind", device: "/var" } },
    { Name: "c", Options: { type: "tmpfs", device: "tmpfs", o: "size=1m" } },
    { Name: "d", Options: null },
  ];
  assert.deepEqual([...bindsOf({ Volumes })], [["a", "/run"], ["b", "/var"]]);
  assert.deepEqual([...bindsOf({ Volumes: null })], []);
});

Deno.test("whatever answers in an engine's place, doctor has something to say", async () => {
  const like = fc.oneof(
    fc.jsonValue(),
    fc.record({
      Id: fc.jsonValue(),
      Name: fc.oneof(fc.string(), fc.jsonValue()),
      Mounts: fc.jsonValue(),
      HostConfig: fc.jsonValue(),
      Config: fc.jsonValue(),
      State: fc.jsonValue(),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), like, fc.jsonValue(), async (info, container, volumes) => {
      const facts = await factsOf({
        engine: {
          "/info": info,
          "/containers/json?all=1": [{ Id: "a" }],
          "/containers/a/json": container,
          "/volumes": volumes,
        },
      });
      const { findings } = await examine(facts);
      const told = findings.filter(({ check }) => check === "containers");
      assert.ok(told.length > 0);
    }),
    { numRuns: 300 },
  );
});

Deno.test("a list that is none leaves the containers unknown, and says so", async () => {
  for (const list of ["x", { a: 1 }, [{}], [{ Id: 7 }]]) {
    const facts = await factsOf({ engine: { "/info": {}, "/containers/json?all=1": list } });
    const { findings } = await examine(facts);
    const [told] = findings.filter(({ check }) => check === "containers");
    assert.equal(told?.level, "unknown");
    assert.match(told.evidence!.join(), /answers GET \/containers\/json\?all=1 as no engine does/);
  }
});
