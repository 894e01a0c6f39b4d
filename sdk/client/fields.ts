import { InvalidArgumentError } from "./errors.ts";

export type { MachineField, TemplateField } from "../wire/fields.ts";

/** Which members of the answer are wanted. */
export interface FieldOptions<Field extends string> {
  /**
   * Only these members.
   *
   * @default all
   */
  fields?: readonly Field[] | undefined;
}

/** The members that were asked for; all when none were named. */
export type Answered<Info, Field extends keyof Info> = [Field] extends [never] ? Info : Pick<Info, Field>;

/** The query that asks for members. @throws InvalidArgumentError for a list without any */
export function fieldsQuery(fields: readonly string[] | undefined): { fields?: string } {
  if (fields === undefined) return {};
  const names = [...new Set(fields.map((field) => field.trim()).filter((field) => field !== ""))];
  if (names.length === 0) throw new InvalidArgumentError("fields", "name at least one member, or leave it out");
  return { fields: names.join(",") };
}
