import { artifactStoreContract } from "../../unit/service/artifact-store-contract.ts";
import { buildExecutorContract } from "../../unit/service/build-executor-contract.ts";
import { plainOrder } from "../../unit/service/plain-order.ts";
import { BuildWorld } from "./build-world.ts";
import { BASE_IMAGE } from "./running-service.ts";

artifactStoreContract("Docker Engine", async () => {
  const world = new BuildWorld();
  const { engine, artifacts, executor } = world;
  return {
    artifacts,
    templateId: () => world.templateId(),
    async make(templateId) {
      const { imageId } = await executor.build(
        plainOrder(artifacts, templateId, `FROM ${BASE_IMAGE}\nLABEL made-for=${templateId}\n`),
        () => undefined,
        new AbortController().signal,
      );
      return imageId;
    },
    takeAway: async (imageRef) => void (await engine.images.remove(imageRef)),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
});

buildExecutorContract("Docker Engine", async () => {
  const world = new BuildWorld();
  return {
    executor: world.executor,
    artifacts: world.artifacts,
    baseImage: BASE_IMAGE,
    templateId: () => world.templateId(),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
});
