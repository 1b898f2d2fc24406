import { jsonSchema, type SchemaName } from "../config/json_schema.ts";
import { parse, saysUsage, UsageError } from "./arguments.ts";
import { OK, type World } from "./world.ts";

/** `postern schema`: the JSON Schema of one of the files, for editors. */
// deno-lint-ignore require-await
export async function schema(args: readonly string[], world: World): Promise<number> {
  const parsed = parse("schema", args, {}, 1, world);
  if (typeof parsed === "number") return parsed;
  return saysUsage("schema", world, () => {
    const told = jsonSchema(nameOf(parsed.positionals[0]));
    world.stdout(JSON.stringify(told, undefined, 2) + "\n");
    return OK;
  });
}

function nameOf(word: string | undefined): SchemaName {
  if (word === "config" || word === "policy") return word;
  throw new UsageError(
    word === undefined
      ? "which file? write config or policy"
      : `there is a schema of config and of policy, not of ${JSON.stringify(word)}`,
  );
}
