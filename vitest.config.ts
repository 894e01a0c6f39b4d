import { fileURLToPath } from "node:url";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

/** Node flags of every test process: package imports of our own resolve to sources, as in development. */
const execArgv = ["--conditions=nullspace-source"];
/** Every answer of a service in a test is held against the service's own description. */
const setupFiles = ["test/contract/openapi/setup.ts"];

// Tests start threads and commands from sources all the time: Node keeps those it has stripped of their types.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("node_modules/.cache/node-compile", import.meta.url));

export default defineConfig({
  test: {
    execArgv,
    projects: [
      suite("unit", { timeoutMs: 60_000 }),
      // One file at a time: they share one engine, whose images and caches some of them take away.
      suite("engine", { fileParallelism: false, timeoutMs: 120_000 }),
      suite("contract", { fileParallelism: false, timeoutMs: 120_000 }),
      // One file at a time: each has a browser, which has use for every core.
      suite("browser", { fileParallelism: false, timeoutMs: 300_000 }),
      suite("e2e", {
        fileParallelism: false,
        maxConcurrency: 2,
        timeoutMs: 300_000,
        exclude: ["test/e2e/sequences/**"],
      }),
      suite("examples", { fileParallelism: false, timeoutMs: 600_000 }),
      suite("sequences", { folder: "e2e/sequences", fileParallelism: false, timeoutMs: 300_000 }),
      suite("faults", { fileParallelism: false, timeoutMs: 300_000 }),
      // Not part of the gate: what it needs takes minutes to build. Programs and SDKs of other languages than TypeScript.
      suite("languages", { fileParallelism: false, timeoutMs: 600_000 }),
      // Not part of the gate: its engine takes minutes to build. The tests of the Docker client, on an engine of today.
      suite("modern", { fileParallelism: false, timeoutMs: 120_000, more: ["test/engine/docker/**/*.test.ts"] }),
      // Not part of the gate but for test/scale/control-plane/, and that only where Kubernetes is built: it takes a quarter of an
      // hour. Tests on a cluster of this machine.
      suite("scale", { fileParallelism: false, timeoutMs: 300_000 }),
    ],
  },
});

function suite(
  name: string,
  {
    folder = name,
    fileParallelism = true,
    timeoutMs,
    more = [],
    exclude = [],
    maxConcurrency,
  }: {
    folder?: string;
    fileParallelism?: boolean;
    timeoutMs?: number;
    more?: string[];
    exclude?: string[];
    /** How many of the tests that a file calls concurrent run at once. */
    maxConcurrency?: number;
  } = {},
): TestProjectInlineConfiguration {
  return {
    resolve: { conditions: ["nullspace-source"] },
    // Not `import`: the workers would have it for `require`, too, and packages that offer both give the wrong one.
    ssr: { resolve: { conditions: ["nullspace-source", "node", "default"] } },
    test: {
      name,
      include: [`test/${folder}/**/*.test.ts`, ...more],
      exclude,
      setupFiles,
      execArgv,
      fileParallelism,
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
      ...(timeoutMs === undefined ? {} : { testTimeout: timeoutMs, hookTimeout: timeoutMs }),
    },
  };
}
