import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ensurePackages } from "../../../scripts/setup/debian-packages.mjs";
import { command } from "./support/child-process.ts";
import { shellQuote } from "../../../sdk/template/shell-quote.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

/** A machine with `bash` installed, and an apt-get that notes how it is called. The real one would change this machine. */
function machine(aptGet: string) {
  const folder = temporaryFolder();
  const calls = join(folder, "calls");
  command(folder, "dpkg-query", '[ "$3" = bash ] && printf "install ok installed" || exit 1');
  const PATH = command(
    folder,
    "apt-get",
    `echo "$1" "$DEBIAN_FRONTEND" >> ${shellQuote(calls)}\nFOLDER=${shellQuote(folder)}\n${aptGet}`,
  );
  const context = { env: { PATH }, note: () => undefined, signal: undefined };
  return { context, calls: () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []) };
}

describe("Debian packages", () => {
  test("that are there are not installed again", async () => {
    const { context, calls } = machine("exit 1");
    expect(await ensurePackages(["bash"], context)).toBe(false);
    expect(calls()).toEqual([]);
  });

  test("are installed without a new list of packages where the old one does", async () => {
    const { context, calls } = machine("exit 0");
    expect(await ensurePackages(["bash", "docker.io"], context)).toBe(true);
    expect(calls()).toEqual(["install noninteractive"]);
  });

  test("are installed after an update where the list is missing", async () => {
    const { context, calls } = machine('[ "$1" = update ] && touch "$FOLDER/updated"; [ -e "$FOLDER/updated" ]');
    expect(await ensurePackages(["docker.io"], context)).toBe(true);
    expect(calls()).toEqual(["install noninteractive", "update noninteractive", "install noninteractive"]);
  });

  test("that are not available are named, with apt-get's words and what to type", async () => {
    const { context } = machine("echo 'E: Unable to locate package docker.io' >&2; exit 100");
    await expect(ensurePackages(["bash", "docker.io"], context)).rejects.toMatchObject({
      code: "APT_FAILED",
      message: "apt-get install docker.io failed: E: Unable to locate package docker.io",
      install: "as root: apt-get update && apt-get install docker.io",
    });
  });
});
