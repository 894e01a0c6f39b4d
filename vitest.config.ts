import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

/** Node flags of every test process: package imports of our own resolve to sources, as in development. */
const execArgv = ["--conditions=nullspace-source"];
/** Every answer of a service in a test is held against the service's own description. */
const setupFiles = ["test/contract/openapi/setup.ts"];

export default defineConfig({
  test: {
    execArgv,
    projects: [
      suite("unit"),
      // One file at a time: they share one engine, whose images and caches some of them take away.
      suite("engine", { fileParallelism: false, timeoutMs: 120_000 }),
      suite("contract", { fileParallelism: false, timeoutMs: 120_000 }),
      suite("e2e", { fileParallelism: false, timeoutMs: 300_000 }),
    ],
  },
});

function suite(
  name: string,
  { fileParallelism = true, timeoutMs }: { fileParallelism?: boolean; timeoutMs?: number } = {},
): TestProjectInlineConfiguration {
  return {
    resolve: { conditions: ["nullspace-source"] },
    ssr: { resolve: { conditions: ["nullspace-source", "node", "import", "default"] } },
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      setupFiles,
      execArgv,
      fileParallelism,
      ...(timeoutMs === undefined ? {} : { testTimeout: timeoutMs, hookTimeout: timeoutMs }),
    },
  };
}
