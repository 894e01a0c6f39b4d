import { defineConfig } from "vitest/config";

const resolve = { conditions: ["nullspace-source"] };
const ssr = { resolve: { conditions: ["nullspace-source", "node", "import", "default"] } };
/** Node flags of every test process: package imports of our own resolve to sources, as in development. */
const execArgv = ["--conditions=nullspace-source"];

export default defineConfig({
  test: {
    execArgv,
    projects: [
      { resolve, ssr, test: { name: "unit", include: ["test/unit/**/*.test.ts"], execArgv } },
      {
        resolve,
        ssr,
        test: {
          name: "engine",
          include: ["test/engine/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // One file at a time: they share one engine, whose images and caches some of them take away.
          fileParallelism: false,
          execArgv,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // One file at a time: they share one engine, whose images and caches some of them take away.
          fileParallelism: false,
          execArgv,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          execArgv,
        },
      },
    ],
  },
});
