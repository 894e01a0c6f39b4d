import { buildExecutorContract } from "./build-executor-contract.ts";
import { MemoryArtifacts } from "./memory-artifacts.ts";
import { MemoryExecutor } from "./memory-executor.ts";

buildExecutorContract("the builder in memory", async () => {
  const artifacts = new MemoryArtifacts();
  const executor = new MemoryExecutor(artifacts);
  executor.bases = new Set(["base:1"]);
  let count = 0;
  return {
    executor,
    artifacts,
    baseImage: "base:1",
    templateId: () => `tmpl_${count++}`,
    [Symbol.asyncDispose]: async () => {},
  };
});
