import { afterAll, describe, expect, it } from "vitest";
import { DockerEngine, EngineUnreachableError } from "../../../sdk/docker/index.ts";
import { BASE_IMAGE, openEngine, TEST_LABEL } from "./engine-fixture.ts";

const engine = openEngine();
afterAll(() => engine[Symbol.asyncDispose]());

describe("events", () => {
  it("tell what happens to containers, from the moment that the engine says so, until they are no longer wanted", async () => {
    const stop = new AbortController();
    const opened = Promise.withResolvers<void>();
    const seen: string[] = [];
    const filters = { type: ["container"], label: [`${TEST_LABEL}.events=yes`] };
    const reading = (async () => {
      for await (const { Action, Actor } of engine.events({ filters, signal: stop.signal, onOpen: opened.resolve })) {
        seen.push(Action);
        if (Action === "die") expect(Actor.Attributes).toMatchObject({ exitCode: "137" });
        if (Action === "destroy") stop.abort(new Error("enough"));
      }
    })();
    const ended = expect(reading).rejects.toThrow("enough");
    await opened.promise;
    const id = await engine.runContainer(["sleep", "600"], BASE_IMAGE, { [`${TEST_LABEL}.events`]: "yes" });
    await engine.containers.pause(id);
    await engine.containers.unpause(id);
    await engine.containers.remove(id, { force: true });
    await ended;
    expect(seen).toEqual(["create", "start", "pause", "unpause", "kill", "die", "destroy"]);
  });

  it("end with an error that says so when nobody is there", async () => {
    const nowhere = new DockerEngine({ host: "unix:///nowhere.sock" });
    await expect(nowhere.events().next()).rejects.toBeInstanceOf(EngineUnreachableError);
    await nowhere.close();
  });
});
