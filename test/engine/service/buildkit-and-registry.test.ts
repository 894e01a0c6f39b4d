import { afterAll, beforeAll } from "vitest";
import { artifactStoreContract } from "../../unit/service/artifact-store-contract.ts";
import { buildExecutorContract } from "../../unit/service/build-executor-contract.ts";
import { plainOrder } from "../../unit/service/plain-order.ts";
import { RegistryWorld, startBuildSite, type BuildSite } from "./registry-world.ts";

let site: BuildSite;
beforeAll(async () => {
  site = await startBuildSite();
});
afterAll(() => site[Symbol.asyncDispose]());

artifactStoreContract("An OCI registry", async () => {
  const world = new RegistryWorld(site);
  const { artifacts, executor, registries } = world.parts;
  return {
    artifacts,
    templateId: () => world.templateId(),
    async make(templateId) {
      const { imageId } = await executor.build(
        plainOrder(artifacts, templateId, `FROM ${site.baseImage}\nLABEL made-for=${templateId}\n`),
        () => undefined,
        new AbortController().signal,
      );
      return imageId;
    },
    async takeAway(imageRef) {
      const { ownClient, own } = registries;
      const digest = await ownClient.digest(own.repository, imageRef.slice(imageRef.lastIndexOf(":") + 1));
      await ownClient.deleteManifest(own.repository, digest ?? "");
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
});

buildExecutorContract("BuildKit with a registry", async () => {
  const world = new RegistryWorld(site);
  return {
    executor: world.parts.executor,
    artifacts: world.parts.artifacts,
    baseImage: site.baseImage,
    templateId: () => world.templateId(),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
});
