import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ArtifactStore } from "../../../service/templates/artifact-store.ts";

/** A store of artifacts to hold against the contract, and an image in it. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly artifacts: ArtifactStore;
  /** Makes an image that this service built, under the name of an artifact. @returns the image's id */
  make(templateId: string): Promise<string>;
  /** Takes a name away behind the store's back. */
  takeAway(imageRef: string): Promise<void>;
  /** An id that no other test has. */
  templateId(): string;
}

/** What every store of artifacts does, wherever it keeps them: see `ArtifactStore`. */
export function artifactStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name}, as a store of artifacts`, () => {
    let world: StoreUnderTest;
    let artifacts: ArtifactStore;
    const { signal } = new AbortController();

    beforeEach(async () => {
      world = await open();
      artifacts = world.artifacts;
    });

    afterEach(() => world[Symbol.asyncDispose]());

    const listed = async (...ids: string[]) =>
      (await artifacts.list(signal)).filter(({ templateId }) => ids.includes(templateId));

    it("lists an image under each name that it was given, and describes it by name and id", async () => {
      const [first, second] = [world.templateId(), world.templateId()];
      const imageId = await world.make(first);
      expect(await artifacts.keep(imageId, second)).toBe(true);
      expect(await artifacts.keep(imageId, second)).toBe(true);
      const named = [first, second].map((templateId) => {
        return {
          templateId,
          imageRef: artifacts.nameOf(templateId),
          imageId,
          isOwn: true,
          sizeBytes: expect.any(Number),
        };
      });
      expect(await listed(first, second)).toEqual(expect.arrayContaining(named));
      expect(await listed(first, second)).toHaveLength(2);
      for (const image of [imageId, artifacts.nameOf(first), artifacts.nameOf(second)]) {
        expect(await artifacts.describe(image)).toMatchObject({ imageId });
      }
    });

    it("counts names: an image goes with its last one, and taking one away again is no error", async () => {
      const [first, second] = [world.templateId(), world.templateId()];
      const imageId = await world.make(first);
      await artifacts.keep(imageId, second);
      expect(await artifacts.remove(artifacts.nameOf(first), signal)).toBe(true);
      expect(await artifacts.remove(artifacts.nameOf(first), signal)).toBe(true);
      expect(await artifacts.describe(imageId)).toMatchObject({ imageId });
      expect(await artifacts.remove(artifacts.nameOf(second), signal)).toBe(true);
      expect(await artifacts.describe(imageId)).toBeUndefined();
      expect(await listed(first, second)).toEqual([]);
    });

    it("gives no name to an image that is not there", async () => {
      const templateId = world.templateId();
      expect(await artifacts.keep(`sha256:${"0".repeat(64)}`, templateId)).toBe(false);
      expect(await listed(templateId)).toEqual([]);
      expect(await artifacts.describe(artifacts.nameOf(templateId))).toBeUndefined();
    });

    it("tells when a name goes, whoever takes it, from the moment that it says it does", async () => {
      const templateId = world.templateId();
      await world.make(templateId);
      const stop = new AbortController();
      const opened = Promise.withResolvers<void>();
      const told = (async () => {
        for await (const _ of artifacts.watch({ signal: stop.signal, onOpen: opened.resolve })) return true;
        return false;
      })();
      await opened.promise;
      await world.takeAway(artifacts.nameOf(templateId));
      expect(await told).toBe(true);
      stop.abort();
    });
  });
}
