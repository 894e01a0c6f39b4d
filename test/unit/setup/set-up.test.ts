import { spawnSync } from "node:child_process";
import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { setUp } from "../../../scripts/setup.mjs";
import { SetupError } from "../../../scripts/setup/errors.mjs";
import type { Step } from "../../../scripts/setup/step.mjs";
import { temporaryFolder } from "./support/temporary-folder.ts";

const repository = join(import.meta.dirname, "../../..");
const step = (title: string, run: Step["run"], profiles: Step["profiles"] = ["quickstart", "test"]): Step => ({
  title,
  profiles,
  run,
});
const quiet = { log: () => undefined, env: { PATH: "", HOME: "/nonexistent" } };

describe("set-up", () => {
  test("runs its steps in order, each on what the ones before have set", async () => {
    const steps = [
      step("first", async () => ({ chose: "one", path: ["/one"], env: { A: "1" } })),
      step("second", async ({ env }) => ({
        chose: "two",
        path: ["/two"],
        env: { B: `${env["A"]}+1`, P: env["PATH"]! },
      })),
    ];
    const { env, missing } = await setUp({ ...quiet, steps });
    expect(env).toMatchObject({ A: "1", B: "1+1", P: "/one", PATH: "/two:/one" });
    expect(missing).toEqual([]);
  });

  test("says each step, its time and what it chose", async () => {
    const lines: string[] = [];
    await setUp({
      ...quiet,
      log: (line) => lines.push(line),
      steps: [step("Docker Engine", async () => ({ chose: "the running one" }))],
    });
    expect(lines).toEqual([expect.stringMatching(/^\[set-up\] Docker Engine +\d+\.\d s {2}the running one$/)]);
  });

  test("leaves out what the profile does not need", async () => {
    const steps = [step("only for tests", async () => ({ chose: "", env: { T: "1" } }), ["test"])];
    expect((await setUp({ ...quiet, steps })).env).not.toHaveProperty("T");
    expect((await setUp({ ...quiet, steps, profile: "test" })).env).toHaveProperty("T");
  });

  test("stops what it started, the last first, and once only", async () => {
    const events: string[] = [];
    const starting = (name: string) =>
      step(name, async ({ onStop }) => {
        onStop(async ({ keep }) => void events.push(`${name} ${keep}`));
        return { chose: name };
      });
    const { stop } = await setUp({ ...quiet, steps: [starting("engine"), starting("registry")] });
    await stop({ keep: true });
    await stop();
    expect(events).toEqual(["registry true", "engine true"]);
  });

  test("stops what it started when a later step fails", async () => {
    const events: string[] = [];
    const steps = [
      step("engine", async ({ onStop }) => {
        onStop(async () => void events.push("stopped"));
        return { chose: "" };
      }),
      step("image", () => Promise.reject(new SetupError("NO_BASE_IMAGE", "none"))),
      step("never", async () => void events.push("never") as never),
    ];
    await expect(setUp({ ...quiet, steps })).rejects.toMatchObject({ code: "NO_BASE_IMAGE" });
    expect(events).toEqual(["stopped"]);
  });

  test("runs a step beside those that it does not need, in the environment of those that it needs", async () => {
    const events: string[] = [];
    const built = Promise.withResolvers<void>();
    const note = (name: string, env: NodeJS.ProcessEnv) =>
      events.push(`${name}: ${["L", "E", "I"].filter((each) => each in env).join("")}`);
    const long: Step = {
      ...step("long", async ({ env }) => {
        await built.promise;
        note("long", env);
        return { chose: "", path: ["/long"], env: { L: "1" } };
      }),
      needs: [],
    };
    const ofAnotherProfile: Step = {
      ...step("modern", () => Promise.reject(new Error("was run"))),
      profiles: ["modern"],
    };
    const engine: Step = {
      ...step("engine", async ({ env }) => {
        note("engine", env);
        return { chose: "", path: ["/engine"], env: { E: "1" } };
      }),
      needs: [],
    };
    const image: Step = {
      ...step("image", async ({ env }) => {
        note("image", env);
        built.resolve();
        return { chose: "", env: { I: "1" } };
      }),
      needs: [engine, ofAnotherProfile],
    };
    const last = step("last", async ({ env }) => {
      note("last", env);
      return { chose: "" };
    });
    const { env } = await setUp({ ...quiet, steps: [long, ofAnotherProfile, engine, image, last] });
    expect(events).toEqual(["engine: ", "image: E", "long: ", "last: LEI"]);
    expect(env["PATH"]).toBe("/engine:/long");
  });

  test("ends what runs beside a step that fails, and tells the first failure", async () => {
    const untilAborted: Step["run"] = ({ signal }) =>
      new Promise((_resolve, reject) => signal!.addEventListener("abort", () => reject(new Error("ended"))));
    const fails: Step["run"] = () => Promise.reject(new SetupError("NO_NPM", "npm is not on PATH"));
    for (const runs of [
      [untilAborted, fails],
      [fails, untilAborted],
    ]) {
      const steps = runs.map((run, index): Step => ({ ...step(`step ${index}`, run), needs: [] }));
      await expect(setUp({ ...quiet, steps })).rejects.toMatchObject({ code: "NO_NPM" });
    }
  });

  test("says what will take long before it begins, and the home of the user as ~", async () => {
    const lines: string[] = [];
    const steps: Step[] = [
      step("first", async () => ({ chose: "in /nonexistent/.cache/first" })),
      { ...step("Pulumi CLI", async () => ({ chose: "built" })), forecast: async () => "5 to 7 minutes" },
      { ...step("packages", async () => ({ chose: "built" })), forecast: async () => undefined },
    ];
    await setUp({ ...quiet, steps, log: (line) => lines.push(line) });
    expect(lines[0]).toMatch(/^\[set-up\] Pulumi CLI +soon {3}5 to 7 minutes$/);
    expect(lines[1]).toMatch(/ s {2}in ~\/\.cache\/first$/);
    expect(lines).toHaveLength(4);
  });

  test("with check goes on where something is missing, and names all of it", async () => {
    const lines: string[] = [];
    const steps = [
      step("a", () => Promise.reject(new SetupError("NO_A", "a is not there", { install: "get a" }))),
      step("b", async ({ check }) => ({ chose: `check is ${check}` })),
      step("c", () => Promise.reject(new SetupError("NO_C", "c is not there"))),
    ];
    const { missing } = await setUp({ ...quiet, check: true, steps, log: (line) => lines.push(line) });
    expect(missing.map(({ code }) => code)).toEqual(["NO_A", "NO_C"]);
    expect(lines.join("\n")).toMatch(
      /MISSING: a is not there\n +To do by hand: get a\n.*check is true\n.*MISSING: c is not there$/,
    );
  });

  test("with check does not hide an error of its own", async () => {
    const steps = [step("a", () => Promise.reject(new TypeError("a bug")))];
    await expect(setUp({ ...quiet, check: true, steps })).rejects.toThrow("a bug");
  });

  test("ends between two steps when it is aborted", async () => {
    const controller = new AbortController();
    const steps = [
      step("a", async () => {
        controller.abort(new SetupError("STOPPED", "stopped by SIGINT"));
        return { chose: "" };
      }),
      step("b", () => Promise.reject(new Error("was run"))),
    ];
    await expect(setUp({ ...quiet, steps, signal: controller.signal })).rejects.toMatchObject({ code: "STOPPED" });
  });
});

describe("the command", () => {
  const run = (script: string, args: string[], env: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, [script, ...args], { encoding: "utf8", env, timeout: 60_000 });

  test("runs in a clone of any name, also through a link to it", () => {
    const clone = join(temporaryFolder(), "a%20b#c?d 'é' 日本");
    cpSync(join(repository, "scripts"), join(clone, "scripts"), { recursive: true });
    cpSync(join(repository, "package-lock.json"), join(clone, "package-lock.json"));
    const link = join(temporaryFolder(), "link");
    symlinkSync(clone, link);
    for (const place of [clone, link]) {
      const result = run(join(place, "scripts/setup.mjs"), ["--check"], { PATH: "", HOME: clone });
      expect([result.stderr, result.status]).toEqual(["", 1]);
      expect(result.stdout).toMatch(/missing: .*NO_DEPENDENCIES/);
    }
  });

  test("setup --check on a machine that has nothing names everything, changes nothing and exits with 1", () => {
    const folder = temporaryFolder();
    // A clone that nobody has installed, with nothing on PATH and nothing in the cache.
    cpSync(join(repository, "scripts"), join(folder, "scripts"), { recursive: true });
    cpSync(join(repository, "package-lock.json"), join(folder, "package-lock.json"));
    const env = { PATH: "", HOME: folder, DOCKER_HOST: "unix:///nonexistent/docker.sock" };
    const result = run(join(folder, "scripts/setup.mjs"), ["--check", "--profile", "test"], env);
    expect(result.stderr).toBe("");
    for (const code of [
      "NO_DEPENDENCIES",
      "NO_PULUMI",
      "NO_BASE_IMAGE",
      "NO_PYTHON_CLIENT",
      "NO_DOCKER_COMMAND",
      "NO_GIT",
    ]) {
      expect(result.stdout.trim().split("\n").at(-1)).toContain(code);
    }
    expect(result.stdout).toContain("unix:///nonexistent/docker.sock does not answer: connect ENOENT");
    expect(result.stdout).toMatch(/no Pulumi CLI on PATH or in the cache; .* cannot build it: there is no Go on PATH/);
    expect(result.stdout.match(/To do by hand: \S/g)?.length).toBe(result.stdout.match(/MISSING/g)?.length);
    expect(result.status).toBe(1);
    expect(spawnSync("ls", ["-A", folder], { encoding: "utf8" }).stdout).toBe("package-lock.json\nscripts\n");
  });

  test("setup fails with what to install when npm is not there", () => {
    const folder = temporaryFolder();
    cpSync(join(repository, "scripts"), join(folder, "scripts"), { recursive: true });
    const result = run(join(folder, "scripts/setup.mjs"), [], { PATH: "", HOME: folder });
    expect(result.stderr).toMatch(/^\[set-up\] failed: npm is not on PATH\n +To do by hand: .*(nodejs|brew)/);
    expect(result.status).toBe(1);
  });

  test("setup refuses a profile that does not exist", () => {
    const result = run(join(repository, "scripts/setup.mjs"), ["--profile", "all"], { PATH: "", HOME: "/nonexistent" });
    expect(result.stderr).toContain("--profile is quickstart, test, modern, sdks, languages, scale, not all");
    expect(result.status).toBe(1);
  });

  test("run without a command that it knows says how to use it and exits with 2", () => {
    const result = run(join(repository, "scripts/run.mjs"), ["tests"], { PATH: "" });
    expect(result.stderr).toMatch(/^usage: node scripts\/run\.mjs quickstart/);
    expect(result.status).toBe(2);
  });
});
