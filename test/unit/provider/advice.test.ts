import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { controllers } from "../../../provider/controllers.ts";
import { startDeadline } from "../../../provider/core/deadline.ts";
import type { OperationContext } from "../../../provider/core/operation-context.ts";
import { DeclaredInputs } from "../../../provider/core/ownership/declared-inputs.ts";
import { takeoverWays } from "../../../provider/core/ownership/takeover-ways.ts";
import { templateController } from "../../../provider/core/template/controller.ts";
import { dynamicToken } from "../../../provider/dynamic/provider-text.ts";
import { SERVICE_CONTEXT_LIMITS } from "../../../sdk/context/index.ts";

const repo = join(import.meta.dirname, "../../..");
const SHELLS = {
  dynamic: { imports: false, customTimeouts: false, resourceToken: dynamicToken },
  plugin: { imports: true, customTimeouts: true, resourceToken: (type: string) => `nullspace:index:${type}` },
} as const;
/** What no user of a shell can do, by shell: what `Template` has no value for, and what only the SDK's callers set. */
const IMPOSSIBLE = {
  dynamic: /pulumi import|option import|customTimeouts|nullspace:index|symlinks: "keep"|limits\.|raise the limit/,
  plugin: /symlinks: "keep"|limits\.|raise the limit|pulumi-nodejs/,
} as const;

describe.each(["dynamic", "plugin"] as const)("advice in the %s shell", (name) => {
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), "nullspace-advice-"));
    mkdirSync(join(cwd, "app"));
    writeFileSync(join(cwd, "app", "Dockerfile"), "FROM scratch\n");
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  const context = (more: Partial<OperationContext> = {}): OperationContext => ({
    urn: "",
    mark: "",
    declared: new DeclaredInputs(),
    secretInputs: [],
    shell: SHELLS[name],
    preview: true,
    signal: new AbortController().signal,
    log: () => undefined,
    config: { apiKey: "k" },
    cwd,
    ...more,
  });

  it.each(["create", "update", "delete", "read"])(
    "can be followed after a %s that took too long",
    async (operation) => {
      using deadline = startDeadline(context({ timeoutMs: 1 }), operation, 1);
      await new Promise((resolve) => deadline.signal.addEventListener("abort", resolve));
      const { message } = deadline.signal.reason as Error;
      expect(message).toContain("run the same command again");
      expect(message).not.toMatch(IMPOSSIBLE[name]);
      expect(message.includes(`customTimeouts: { ${operation}: "60m" }`)).toBe(
        name === "plugin" && operation !== "read",
      );
    },
  );

  it.each(Object.keys(controllers))("can be followed when a %s exists already", (type) => {
    const ways = takeoverWays(context(), type, "local/web");
    expect(ways).toContain("adopt: true");
    expect(ways).not.toMatch(IMPOSSIBLE[name]);
    expect(ways.includes(`pulumi import nullspace:index:${type} <resource name> local/web`)).toBe(name === "plugin");
  });

  const contexts: [string, (app: string) => void, Record<string, unknown>, string][] = [
    ["a link", (app) => symlinkSync("Dockerfile", join(app, "link")), { symlinks: "error" }, 'symlinks: "copy"'],
    ["a dead link", (app) => symlinkSync("nowhere", join(app, "link")), { symlinks: "copy" }, "link to nothing"],
    ["a circle of links", (app) => symlinkSync(".", join(app, "link")), { symlinks: "copy" }, "never end"],
    [
      "a file that is too large",
      (app) => {
        writeFileSync(join(app, "disk.img"), "");
        truncateSync(join(app, "disk.img"), SERVICE_CONTEXT_LIMITS.fileBytes + 1);
      },
      {},
      "disk.img has 512.0 MiB, more than 512.0 MiB, the most that the service takes",
    ],
  ];
  it.each(contexts)("can be followed for a context with %s", async (_what, make, inputs, words) => {
    make(join(cwd, "app"));
    const { failures } = await templateController.check(
      { news: { name: "web", context: "app", ...inputs } },
      context(),
    );
    expect(failures).toEqual([expect.objectContaining({ reason: expect.stringContaining(words) })]);
    expect(failures[0]!.reason).not.toMatch(IMPOSSIBLE[name]);
  });
});

describe("a context of more entries than the service takes", { timeout: 60_000 }, () => {
  it("is refused by Check, with the largest directory and a line that helps", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "nullspace-entries-"));
    try {
      writeFileSync(join(cwd, "Dockerfile"), "FROM scratch\n");
      // The Dockerfile, two directories and what is in them: as many as may be.
      mkdirSync(join(cwd, "web", "node_modules"), { recursive: true });
      for (let i = 3; i < SERVICE_CONTEXT_LIMITS.entries; i++)
        writeFileSync(join(cwd, "web", "node_modules", `${i}`), "");
      const check = () =>
        templateController.check({ news: { name: "web" } }, {
          cwd,
          signal: new AbortController().signal,
          secretInputs: [],
          log: () => undefined,
        } as unknown as OperationContext);
      expect((await check()).failures).toEqual([]);
      writeFileSync(join(cwd, "one-more"), "");
      expect((await check()).failures).toEqual([
        {
          property: "context",
          reason: expect.stringMatching(
            /^The context holds more than 20000 files and directories, the most that the service takes\. The largest directories: web\/node_modules \(.*add this line to the ignore file: web\/node_modules$/,
          ),
        },
      ]);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});

describe("the sources of the provider", () => {
  it("speak of what only one shell has in no other place than where the shell is asked", () => {
    const files = readdirSync(join(repo, "provider"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => join(repo, "provider", file));
    const isAdvice = (line: string) =>
      /["'`].*(pulumi import |customTimeouts: \{)/.test(line) && !/^\s*(\*|\/\/)/.test(line);
    const places = files.filter((file) => readFileSync(file, "utf8").split("\n").some(isAdvice));
    expect(places.map((file) => relative(repo, file)).sort()).toEqual([
      // It is written for the one shell that the user names.
      "provider/adopt/service/adoption-comment.ts",
      "provider/core/ownership/takeover-ways.ts",
      "provider/errors.ts",
      // The schema is of the plugin alone.
      "provider/generator/package-schema.ts",
      // A page says of which shell it speaks.
      "provider/generator/reference-page.ts",
    ]);
  });
});
