import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BuildExecutor, BuildOrder } from "../../../service/builds/build-executor.ts";
import { BuildFailure } from "../../../service/builds/build-failure.ts";
import type { NewLogEntry } from "../../../service/builds/build-log.ts";
import type { ArtifactStore } from "../../../service/templates/artifact-store.ts";
import { plainOrder } from "./plain-order.ts";

/** A builder to hold against the contract, beside the store that has what it makes. */
export interface ExecutorUnderTest extends AsyncDisposable {
  readonly executor: BuildExecutor;
  readonly artifacts: ArtifactStore;
  /** Name of an image that the builder has or can fetch. */
  readonly baseImage: string;
  /** An id that no other test has. */
  templateId(): string;
}

/** What every builder does, whatever it builds with: see `BuildExecutor`. */
export function buildExecutorContract(name: string, open: () => Promise<ExecutorUnderTest>): void {
  describe(`${name}, as a builder`, () => {
    let world: ExecutorUnderTest;
    const { signal } = new AbortController();

    beforeEach(async () => {
      world = await open();
    });

    afterEach(() => world[Symbol.asyncDispose]());

    function order(text: string): BuildOrder {
      return plainOrder(world.artifacts, world.templateId(), text);
    }

    it("says that it is there", async () => {
      await expect(world.executor.checkAvailable(signal)).resolves.toBeUndefined();
    });

    it("makes an image under the name that it is to have, and tells how", async () => {
      const wanted = order(`FROM ${world.baseImage}\nRUN echo made-here > /made\nCMD ["cat", "/made"]\n`);
      const told: NewLogEntry[] = [];
      const { imageId, cache } = await world.executor.build(wanted, (entry) => void told.push(entry), signal);
      expect(await world.artifacts.describe(wanted.imageRef)).toMatchObject({ imageId, command: "cat /made" });
      expect(await world.artifacts.list(signal)).toContainEqual({
        templateId: wanted.templateId,
        imageRef: wanted.imageRef,
        imageId,
        isOwn: true,
        sizeBytes: expect.any(Number),
      });
      expect(cache.layer_hits + cache.layer_misses).toBe(1);
      expect(told.map(({ message }) => message).join("\n")).toContain("RUN echo made-here");
    });

    it("says which step failed, and leaves no image", async () => {
      const wanted = order(`FROM ${world.baseImage}\nRUN exit 9\n`);
      const failure = await world.executor.build(wanted, () => undefined, signal).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(BuildFailure);
      expect(failure).toMatchObject({ phase: "build_step", details: { exit_code: 9, dockerfile_line: 2 } });
      expect(await world.artifacts.describe(wanted.imageRef)).toBeUndefined();
    });

    it("stops when it is told to", async () => {
      const stop = new AbortController();
      const wanted = order(`FROM ${world.baseImage}\nRUN echo ${world.templateId()} && sleep 300\n`);
      const built = world.executor.build(
        wanted,
        ({ message }) => {
          if (message.includes("sleep 300")) stop.abort(new Error("not wanted any more"));
        },
        stop.signal,
      );
      await expect(built).rejects.toThrow("not wanted any more");
      expect(await world.artifacts.describe(wanted.imageRef)).toBeUndefined();
    });

    it("has the base of a build, or says that it is not available", async () => {
      expect(await world.executor.haveBase(order(""), world.baseImage, () => undefined, signal)).toEqual(
        expect.any(String),
      );
      const missing = world.executor.haveBase(order(""), "localhost:1/nothing/there:1", () => undefined, signal);
      await expect(missing).rejects.toMatchObject({ reason: "base_image_unavailable" });
    });

    it("knows no lasting meaning of a name that it does not have", async () => {
      expect(await world.executor.stableImageId("localhost:1/nothing/there:1", signal)).toBeUndefined();
    });
  });
}
