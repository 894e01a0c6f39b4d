import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuildOptions, DockerEngine, UnsupportedByEngineError } from "../../../sdk/docker/index.ts";
import { tar } from "./archive.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";
import { type PodmanService, startPodman } from "./podman-service.ts";

const docker = openEngine();
let service: PodmanService;
let podman: DockerEngine;
beforeAll(async () => {
  service = await startPodman();
  podman = new DockerEngine({ host: service.host, env: {} });
  // What the Docker Engine has, so that nothing has to be pulled.
  const saving = spawn(process.env.NULLSPACE_DOCKER_CLI ?? "docker", ["save", BASE_IMAGE], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await Promise.all([podman.images.load(saving.stdout), once(saving, "exit")]);
});
afterAll(async () => {
  await podman.close();
  await service[Symbol.asyncDispose]();
  await docker[Symbol.asyncDispose]();
});

/** What the commands of a build write, which Podman itself is asked for with `query`. */
async function buildByHand(dockerfile: string, query: string): Promise<string> {
  const call = request({
    socketPath: service.socketPath,
    method: "POST",
    path: `/v1.41/build?nocache=true&${query}`,
    headers: { "content-type": "application/x-tar" },
  });
  call.end(await tar({ Dockerfile: dockerfile }));
  const [answer] = (await once(call, "response")) as [NodeJS.ReadableStream];
  return text(answer);
}

describe("Podman's Docker API", () => {
  it("is known for what it is, and builds with arguments, labels and hosts", async () => {
    expect(await podman.ping()).toMatchObject({ isPodman: true, osType: "linux" });
    const lines: string[] = [];
    const build = podman.build({
      fileobj: `FROM ${BASE_IMAGE}\nARG A\nRUN echo "A is $A"; grep db.example /etc/hosts\n`,
      tags: "nullspace-podman:1",
      buildArgs: { A: "1" },
      labels: { team: "infra" },
      extraHosts: { "db.example": "10.1.2.3" },
    });
    const states: string[] = [];
    for await (const one of build) {
      if (one.kind === "log") lines.push(one.text);
      if (one.kind === "step") states.push(`${one.step.number}/${one.step.total} ${one.step.state}`);
    }
    const { imageId } = await build.done;
    expect(lines).toEqual(["A is 1", expect.stringMatching(/^10\.1\.2\.3\s+db\.example$/)]);
    expect(states).toEqual(["1/4", "2/4", "3/4", "4/4"].flatMap((at) => [`${at} started`, `${at} completed`]));
    const image = await podman.images.inspect("nullspace-podman:1");
    expect(`sha256:${image.Id.replace("sha256:", "")}`).toBe(imageId);
    expect(image.Config?.Labels).toMatchObject({ team: "infra" });
  });

  it("fails a build with the step, its line, its exit code and the last log lines", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\n\nRUN echo before; exit 7\n`;
    await expect(podman.build({ fileobj }).done).rejects.toMatchObject({
      code: "image_build_failed",
      step: "[2/2] RUN echo before; exit 7",
      dockerfileLine: 3,
      exitCode: 7,
      logTail: ["before"],
    });
  });

  it("tells the steps of several stages apart, and finds the line of one that fails", async () => {
    const fileobj = `FROM ${BASE_IMAGE} AS one\nRUN echo 1 > /f\nFROM ${BASE_IMAGE}\nCOPY --from=one /f /\nRUN echo two; exit 3\n`;
    const build = podman.build({ fileobj });
    const ended: string[] = [];
    const reading = (async () => {
      for await (const one of build)
        if (one.kind === "step" && one.step.state === "completed") ended.push(`${one.step.id} ${one.step.name}`);
    })();
    await expect(reading).rejects.toMatchObject({
      step: "[2/2 3/3] RUN echo two; exit 3",
      dockerfileLine: 5,
      exitCode: 3,
      logTail: ["two"],
    });
    expect(ended).toEqual([
      `step-1-1 [1/2 1/2] FROM ${BASE_IMAGE} AS one`,
      "step-1-2 [1/2 2/2] RUN echo 1 > /f",
      `step-2-1 [2/2 1/3] FROM ${BASE_IMAGE}`,
      "step-2-2 [2/2 2/3] COPY --from=one /f /",
    ]);
  });

  it("goes no further than the command that runs when a build is cancelled", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo begun; sleep 4.7\nRUN sleep 7654\n`;
    const build = podman.build({ fileobj });
    const reading = (async () => {
      for await (const one of build) if (one.kind === "log") await build.cancel();
    })();
    await expect(reading).rejects.toMatchObject({ code: "image_build_cancelled" });
    await expect.poll(() => docker.processesWith("sleep 4.7"), { timeout: 20_000 }).toEqual([]);
    expect(await docker.processesWith("sleep 7654")).toEqual([]);
  });

  it.each<[string, Partial<BuildOptions>]>([
    ["the network none", { networkMode: "none" }],
    ["the network host", { networkMode: "host" }],
    ["a network by name", { networkMode: "team" }],
    ["a list of images for the cache", { cacheFrom: [BASE_IMAGE] }],
    ["BuildKit", { builder: "buildkit" }],
    ["secrets", { secrets: [{ id: "a", value: "b" }] }],
    ["outputs", { outputs: [{ type: "cacheonly" }] }],
    ["cache facts in the image", { cacheTo: "inline" }],
  ])("is not asked for %s, which it would drop", async (_name, options) => {
    const error = await podman.build({ fileobj: `FROM ${BASE_IMAGE}\n`, ...options }).done.catch((one: unknown) => one);
    expect(error).toBeInstanceOf(UnsupportedByEngineError);
    expect(String(error)).toMatch(/Podman's Docker API .*ignores .*Use Docker Engine, or leave /);
  });

  it("is not asked for a remote path or a pruning, which it does not have", async () => {
    const remote = podman.build({ path: "https://example.org/context.tar" }).done;
    await expect(remote).rejects.toMatchObject({ code: "unsupported_by_engine", feature: "path" });
    await expect(podman.pruneBuilds()).rejects.toMatchObject({
      code: "unsupported_by_engine",
      message: "Podman's Docker API cannot prune builds. Use podman system prune --build.",
    });
  });

  it("does drop them: a build without network has one, and one with BuildKit has none of it", async () => {
    const dockerfile = `FROM ${BASE_IMAGE}\nRUN cat /proc/net/dev\n`;
    // Were it none, there would be `lo` alone.
    const interfaces = (answer: string) => new Set(answer.match(/[a-z0-9-]+(?=: +\d)/g));
    expect(interfaces(await buildByHand(dockerfile, "networkmode=none")).size).toBeGreaterThan(1);
    const answer = await buildByHand(dockerfile, "version=2");
    expect(answer).toContain("STEP 2/2");
    expect(answer).not.toContain("moby.buildkit.trace");
  });
});
