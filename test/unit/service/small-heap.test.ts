import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { COMMAND, lookAtService } from "./served-process.ts";

/** The command line of a service once it serves, as the system has it. @param env variables that it is started with */
function commandLine(env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  return lookAtService(env, (pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(1, -1));
}

it.runIf(process.platform === "linux")(
  "a service takes little room for short-lived objects, as the same process",
  async () => {
    const [flag, conditions, command, ...rest] = await commandLine();
    expect([flag, conditions, command]).toEqual(["--max-semi-space-size=4", "--conditions=nullspace-source", COMMAND]);
    expect(rest.slice(0, 3)).toEqual(["serve", "--port", "0"]);
  },
);

it.runIf(process.platform === "linux")("room that was chosen stays", async () => {
  const line = await commandLine({ NODE_OPTIONS: "--max_semi_space_size=32" });
  expect(line[0]).toBe("--conditions=nullspace-source");
});
