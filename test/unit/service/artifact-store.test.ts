import { artifactStoreContract } from "./artifact-store-contract.ts";
import { MemoryArtifacts } from "./memory-artifacts.ts";

artifactStoreContract("the store in memory", async () => {
  const artifacts = new MemoryArtifacts();
  let count = 0;
  return {
    artifacts,
    templateId: () => `tmpl_${count++}`,
    async make(templateId) {
      const imageId = `sha256:made-for-${templateId}`;
      artifacts.images.set(imageId, { isOwn: true });
      await artifacts.keep(imageId, templateId);
      return imageId;
    },
    takeAway: async (imageRef) => void (await artifacts.remove(imageRef)),
    [Symbol.asyncDispose]: async () => {},
  };
});
