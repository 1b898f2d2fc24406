import assert from "node:assert/strict";

const top = new URL("../../", import.meta.url);

Deno.test("every test that SECURITY.md names for an attack is there", async () => {
  const text = await Deno.readTextFile(new URL("SECURITY.md", top));
  const [, table] = text.split("## Attacks that were tried");
  const rows = table!.split("\n## ")[0]!.split("\n").filter((line) => /^\| [^*-]/.test(line)).slice(
    1,
  );
  assert.ok(rows.length > 30, `${rows.length} rows`);
  for (const row of rows) {
    const names = [...row.split("|")[2]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
    assert.ok(names.length > 0, `no test is named: ${row}`);
    let folder = "";
    for (const name of names) {
      // A name alone stands in the folder of the one before it.
      const path = name.includes("/") ? name : folder + name;
      folder = path.slice(0, path.lastIndexOf("/") + 1);
      const there = await Deno.stat(new URL(path, top)).then(() => true, () => false);
      assert.ok(there, `${path} is not there, which is named in: ${row}`);
    }
  }
});
