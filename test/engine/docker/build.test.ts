import { afterAll, describe, expect, it } from "vitest";
import { ImageBuildCancelledError, ImageBuildError } from "../../../sdk/docker/index.ts";
import type { BuildProgress } from "../../../sdk/docker/index.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";

const engine = openEngine();
afterAll(() => engine[Symbol.asyncDispose]());

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe.each(["buildkit", "classic"] as const)("a build with the %s builder", (builder) => {
  it("gives the id of an image that the engine has under the name asked for", async () => {
    const tag = engine.imageName();
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo made > /made\n`;
    const { imageId } = await engine.build({ fileobj, tags: tag, builder }).done;
    expect((await engine.images.inspect(tag)).Id).toBe(imageId);
  });

  it("reports steps, lines of both streams, and the image last", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo to-out; echo to-err >&2\n`;
    const build = engine.build({ fileobj, tags: engine.imageName(), builder, noCache: true });
    const progress = await collect(build);
    const { imageId } = await build.done;
    expect(progress.at(-1)).toEqual({ kind: "image", imageId });
    const logs = progress.filter((one) => one.kind === "log");
    const { stepId } = logs[0]!;
    expect(logs).toContainEqual({ kind: "log", stepId, stream: "stdout", text: "to-out" });
    expect(logs).toContainEqual({ kind: "log", stepId, stream: "stderr", text: "to-err" });
    const run = progress.filter((one) => one.kind === "step" && one.step.id === stepId) as {
      step: { state: string };
    }[];
    expect(run.map(({ step }) => step.state).filter((state) => state !== "pending")).toEqual(["started", "completed"]);
    expect(run.at(-1)!.step).toMatchObject({ name: "[2/2] RUN echo to-out; echo to-err >&2", number: 2, total: 2 });
  });

  it("says which steps came from the cache", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo cached-${builder} > /f\n`;
    await engine.build({ fileobj, tags: engine.imageName(), builder }).done;
    const again = await collect(engine.build({ fileobj, tags: engine.imageName(), builder }));
    const states = again.flatMap((one) =>
      one.kind === "step" && one.step.name.startsWith("[2/2]") ? [one.step.state] : [],
    );
    expect(states.at(-1)).toBe("cached");
  });

  it("has output of a command that reads like the builder's own words, and the image that was built all the same", async () => {
    const tags = engine.imageName();
    const words = ["Successfully built 33c838732b70", " ---> Using cache", "no line end"];
    const command = `printf '${words.join("\\n")}'`;
    const fileobj = `FROM ${BASE_IMAGE}\nRUN ${command}\nCMD echo Successfully built 33c838732b70\n`;
    const build = engine.build({ fileobj, tags, builder, noCache: true });
    const progress = await collect(build);
    const logs = progress.filter((one) => one.kind === "log");
    expect(logs.map(({ text }) => text)).toEqual(words);
    const states = progress.flatMap((one) =>
      one.kind === "step" && one.step.id === logs[0]!.stepId ? [one.step.state] : [],
    );
    expect(states.at(-1)).toBe("completed");
    const { Id, Config } = await engine.images.inspect(tags);
    expect(Id).toBe((await build.done).imageId);
    expect(Config?.Cmd?.at(-1)).toBe("echo Successfully built 33c838732b70");
  });

  it("fails with the step, its line, the exit code and the last log lines", async () => {
    const fileobj = `# a comment\nFROM ${BASE_IMAGE}\n\nRUN echo ok \\\n  && true\nRUN echo before; exit 42\n`;
    const error = await engine
      .build({ fileobj, builder, noCache: true, forcerm: true })
      .done.catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ImageBuildError);
    expect(error).toMatchObject({
      code: "image_build_failed",
      step: "[3/3] RUN echo before; exit 42",
      dockerfileLine: 6,
      exitCode: 42,
      logTail: ["before"],
    });
    expect((error as Error).message).toMatch(/Dockerfile line 6/);
  });

  it("that fails leaves the tag without an image, or with the one that it had", async () => {
    const [fresh, used] = [engine.imageName(), engine.imageName()];
    const before = await engine.build({ fileobj: `FROM ${BASE_IMAGE}\nLABEL n=${used}\n`, tags: used, builder }).done;
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo made > /made\nRUN exit 3\n`;
    const build = engine.build({ fileobj, tags: [fresh, used], builder, forcerm: true });
    await expect(build.done).rejects.toMatchObject({ code: "image_build_failed", exitCode: 3 });
    await expect(engine.images.inspect(fresh)).rejects.toMatchObject({ code: "engine_not_found" });
    expect((await engine.images.inspect(used)).Id).toBe(before.imageId);
  });

  it("names the line of a Dockerfile that does not parse", async () => {
    const error = await engine
      .build({ fileobj: `FROM ${BASE_IMAGE}\nRUM x\n`, builder })
      .done.catch((cause: unknown) => cause);
    expect((error as Error).message).toMatch(/unknown instruction: RUM/i);
    expect(error).toMatchObject({ code: "image_build_failed", dockerfileLine: 2 });
  });

  it("really stops on the engine when it is cancelled", async () => {
    const marker = `sleep 987${builder.length}`;
    const build = engine.build({ fileobj: `FROM ${BASE_IMAGE}\nRUN echo begun; ${marker}\n`, builder, noCache: true });
    const read = (async () => {
      for await (const progress of build)
        if (progress.kind === "log" && progress.text === "begun") await build.cancel();
    })();
    await expect(read).rejects.toBeInstanceOf(ImageBuildCancelledError);
    await expect(build.done).rejects.toBeInstanceOf(ImageBuildCancelledError);
    await expect.poll(() => engine.processesWith(marker), { timeout: 20_000 }).toEqual([]);
  });

  it("rejects with the signal's reason when that aborts", async () => {
    const controller = new AbortController();
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo begun; sleep 9991\n`;
    const build = engine.build({ fileobj, builder, noCache: true, signal: controller.signal });
    const reason = new Error("enough");
    const seen: BuildProgress[] = [];
    const read = (async () => {
      for await (const progress of build) {
        seen.push(progress);
        if (progress.kind === "log") controller.abort(reason);
      }
    })();
    await expect(read).rejects.toBe(reason);
    await expect(build.done).rejects.toBe(reason);
  });
});
