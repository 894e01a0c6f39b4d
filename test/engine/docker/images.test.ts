import { afterAll, describe, expect, it } from "vitest";
import { DockerEngine, EngineNotFoundError, EngineUnreachableError } from "../../../sdk/docker/index.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";

const engine = openEngine();
afterAll(() => engine[Symbol.asyncDispose]());

describe("images", () => {
  it("get further names, lose them one by one, and are gone with the last", async () => {
    const [first, second] = [engine.imageName(), engine.imageName()];
    const { imageId } = await engine.build({ fileobj: `FROM ${BASE_IMAGE}\nLABEL x=${first}\n`, tags: first }).done;
    await engine.images.tag(first, second);
    expect((await engine.images.inspect(imageId)).RepoTags?.toSorted()).toEqual([first, second].toSorted());
    await engine.images.remove(first);
    expect((await engine.images.inspect(second)).Id).toBe(imageId);
    await engine.images.remove(second);
    await expect(engine.images.inspect(imageId)).rejects.toBeInstanceOf(EngineNotFoundError);
  });

  it("are listed by label, and tell their history", async () => {
    const tag = engine.imageName();
    const { imageId } = await engine.build({
      fileobj: `FROM ${BASE_IMAGE}\nRUN echo ${tag} > /f\n`,
      tags: tag,
      labels: { team: tag },
    }).done;
    const listed = await engine.images.list({ filters: { label: [`team=${tag}`] } });
    expect(listed.map(({ Id }) => Id)).toEqual([imageId]);
    const history = await engine.images.history(tag);
    expect(history.map(({ CreatedBy }) => CreatedBy).join("\n")).toContain(`echo ${tag}`);
  });

  it("that no registry has are an error of the pull, although the engine begins with 200", async () => {
    const { registry } = (await import("../../../sdk/docker/index.ts")).parseImageRef(BASE_IMAGE);
    await expect(engine.images.pull(`${registry}/nullspace/nowhere:1`)).rejects.toMatchObject({
      code: "engine_not_found",
    });
  });

  it("come back from their registry after a push", async () => {
    const { registry } = (await import("../../../sdk/docker/index.ts")).parseImageRef(BASE_IMAGE);
    const name = engine.imageName().replace(/^/, `${registry}/`);
    const { imageId } = await engine.build({ fileobj: `FROM ${BASE_IMAGE}\nLABEL y=${name}\n`, tags: name }).done;
    const { digest } = await engine.images.push(name);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    await engine.images.remove(name);
    const [repository] = name.split(/:\d$/);
    await engine.images.pull(`${repository}@${digest}`);
    expect((await engine.images.inspect(`${repository}@${digest}`)).Id).toBe(imageId);
    await engine.images.remove(`${repository}@${digest}`);
  });
});

describe("an engine", () => {
  it("tells its version, and is pinged", async () => {
    const { ApiVersion, Os } = await engine.version();
    expect(await engine.ping()).toMatchObject({ engineApiVersion: ApiVersion, osType: Os, isPodman: false });
  });

  it("that is not there is named, with what to start", async () => {
    const nobody = new DockerEngine({ host: "unix:///nowhere/docker.sock", env: {} });
    const error = await nobody.ping().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(EngineUnreachableError);
    expect(error).toMatchObject({ code: "engine_unreachable", host: "unix:///nowhere/docker.sock" });
    expect((error as Error).message).toBe(
      "No Docker Engine answers at unix:///nowhere/docker.sock: the socket does not exist. Start Docker Engine (for example " +
        "`systemctl start docker`, or Docker Desktop), or point DOCKER_HOST at an engine that is running.",
    );
    await expect(nobody.build({ fileobj: "FROM x" }).done).rejects.toBeInstanceOf(EngineUnreachableError);
    await expect(nobody.containers.exec("x", { cmd: ["true"] })).rejects.toBeInstanceOf(EngineUnreachableError);
    await nobody.close();
  });
});
