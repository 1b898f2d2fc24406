import assert from "node:assert/strict";
import { Looks } from "../../../lib/relay/looks.ts";

const never = () => new Promise<boolean>(() => {});

Deno.test("looks at one container follow each other, and those at another wait for none of them", async () => {
  const looks = new Looks();
  const told: string[] = [];
  const first = Promise.withResolvers<boolean>();
  const both = Promise.withResolvers<void>();
  looks.add("a", () => first.promise, (found) => void told.push(`a1 ${found}`));
  looks.add("a", () => {
    told.push("a2 begins");
    return Promise.resolve(false);
  }, (found) => {
    told.push(`a2 ${found}`);
    both.resolve();
  });
  await new Promise<void>((resolve) =>
    looks.add("b", () => Promise.resolve(true), () => resolve())
  );
  assert.deepEqual(told, []);
  first.resolve(true);
  await both.promise;
  assert.deepEqual(told, ["a1 true", "a2 begins", "a2 false"]);
});

Deno.test("a look that fails tells nothing, and the next one begins", async () => {
  const looks = new Looks();
  const ask = (look: () => Promise<boolean | undefined>) =>
    new Promise((resolve) => looks.add("a", look, resolve));
  const [failed, threw, next] = await Promise.all([
    ask(() => Promise.reject(new Error("no"))),
    ask(() => {
      throw new Error("no");
    }),
    ask(() => Promise.resolve(true)),
  ]);
  assert.deepEqual([failed, threw, next], [undefined, undefined, true]);
});

Deno.test("a look that never ends keeps nobody else waiting", async () => {
  const looks = new Looks();
  looks.add("a", never, () => {});
  assert.equal(
    await new Promise((resolve) => looks.add("b", () => Promise.resolve(true), resolve)),
    true,
  );
});
