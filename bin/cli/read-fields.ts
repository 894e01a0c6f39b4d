import { InvalidArgumentError } from "commander";

/** Reads Docker's form of a value with several parts: `type=local,dest=./out`. */
export function readFields(value: string): Map<string, string> {
  return new Map(
    value.split(",").map((field): [string, string] => {
      const equals = field.indexOf("=");
      if (equals < 0) throw new InvalidArgumentError(`${JSON.stringify(field)} is not of the form key=value.`);
      return [field.slice(0, equals).trim(), field.slice(equals + 1)];
    }),
  );
}
