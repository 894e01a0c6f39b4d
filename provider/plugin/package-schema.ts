import { packageFile } from "../../sdk/package-file.ts";

/** Text of the package schema. */
export function packageSchema(): string {
  const schema = packageFile("schema.json");
  if (schema === undefined) throw new Error("schema.json is missing from this installation: install the package again");
  return schema;
}
