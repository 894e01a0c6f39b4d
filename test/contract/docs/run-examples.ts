import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

// Runs the programs named on the command line one after the other, and writes to the first name what became of each:
// what it printed, and the error that it ended with. One process, for loading the package takes longer than most of them.
const [answers, ...programs] = process.argv.slice(2) as [string, ...string[]];
const ended: Record<string, { printed: string; error?: string }> = {};
// What a program leaves to be done, such as the registration of a resource, is done by then.
process.once("beforeExit", () => writeFileSync(answers, JSON.stringify(ended)));

for (const program of programs) {
  const end: { printed: string; error?: string } = (ended[program] = { printed: "" });
  const keep = (chunk: string | Uint8Array): boolean => {
    end.printed += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  process.stdout.write = keep;
  process.stderr.write = keep;
  try {
    await import(pathToFileURL(program).href);
  } catch (error) {
    end.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
