import { artifactStoreContract } from "../../unit/service/artifact-store-contract.ts";
import { buildExecutorContract } from "../../unit/service/build-executor-contract.ts";
import { BuildCredentials } from "../../../service/builds/credentials.ts";
import { NOTHING_INHERITED } from "../../../service/templates/artifact-runtime.ts";
import { BuildWorld } from "./build-world.ts";
import { BASE_IMAGE } from "./running-service.ts";

const EMPTY_JOB = {
  templateKey: 1,
  definition: {},
  baseIsTemplate: false,
  inherited: NOTHING_INHERITED,
  isImport: false,
  context: [],
  credentials: new BuildCredentials({}),
};

artifactStoreContract("Docker Engine", async () => {
  const world = new BuildWorld();
  const { engine, artifacts, executor } = world;
  return {
    artifacts,
    templateId: () => world.templateId(),
    async make(templateId) {
      const { imageId } = await executor.build(
        {
          ...EMPTY_JOB,
          buildId: templateId,
          templateId,
          imageRef: artifacts.nameOf(templateId),
          // Its own text: an image of other tests would keep their names.
          input: { text: `FROM ${BASE_IMAGE}\nLABEL made-for=${templateId}\n`, entries: [] },
        },
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
