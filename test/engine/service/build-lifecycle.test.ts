import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { request } from "undici";
import { DockerEngine, EngineNotFoundError } from "../../../sdk/docker/index.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

let service: RunningService;
const engine = new DockerEngine();

beforeAll(async () => {
  service = await RunningService.start({ buildConcurrency: 2 });
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await engine.close();
});

/** A build that runs until it is stopped. */
function endless(name: string, more: object = {}) {
  return { name, dockerfile: `FROM ${BASE_IMAGE}\nRUN echo begun ${Math.random()} && sleep 300\n`, ...more };
}

async function start(body: object): Promise<string> {
  const { status, body: build } = await service.call("POST", "/v1/templates/builds", body);
  expect(status).toBe(202);
  return build.build_id;
}

/** Follows a build's log until `wanted` is in it. */
async function followUntil(buildId: string, wanted: string): Promise<string> {
  const { body } = await request(`${service.url}/v1/templates/builds/${buildId}/logs?follow=true&offset=0`, {
    headers: { authorization: `Bearer ${service.apiKey}` },
  });
  let text = "";
  for await (const chunk of body) {
    text += String(chunk);
    if (text.includes(wanted)) break;
  }
  return text;
}

describe("cancelling", () => {
  it("stops the build on the engine, keeps who and why, and is no error the second time", async () => {
    const buildId = await start(endless("cancelled"));
    await followUntil(buildId, '"message":"begun');
    const { status, body } = await service.call("POST", `/v1/templates/builds/${buildId}/cancel`, { reason: "enough" });
    expect(status).toBe(200);
    expect(body.build).toMatchObject({
      status: "cancelled",
      cancel_requested_by: "local",
      cancellation_reason: "enough",
      promotability: { status: "not_ready", promotable: false },
    });
    expect(body.entries.at(-1)).toMatchObject({ kind: "cancelled", offset: body.next_offset - 1 });
    const again = await service.call("POST", `/v1/templates/builds/${buildId}/cancel`);
    expect(again.status).toBe(200);
    expect(again.body).toEqual(body);
    // A second build gets the slot and the engine: nothing of the first is left to wait for.
    const next = await service.build({ name: "after", dockerfile: `FROM ${BASE_IMAGE}\nRUN echo after\n` });
    expect(next.build.status).toBe("ready");
  });

  it("takes a build that waits for its turn out of the queue", async () => {
    const running = [await start(endless("busy-1")), await start(endless("busy-2"))];
    const waiting = await start(endless("queued"));
    expect((await service.call("GET", `/v1/templates/builds/${waiting}`)).body.build.status).toBe("waiting");
    const { body } = await service.call("POST", `/v1/templates/builds/${waiting}/cancel`, {});
    expect(body.build).toMatchObject({ status: "cancelled" });
    expect(body.build.started_at).toBeUndefined();
    for (const buildId of running) await service.call("POST", `/v1/templates/builds/${buildId}/cancel`, {});
  });
});

describe("the log", () => {
  it("is replayed from an offset, polled to its end, and followed until the last entry", async () => {
    const { build, entries, next_offset } = await service.build({
      name: "logged",
      dockerfile: `FROM ${BASE_IMAGE}\nRUN : ${Math.random()}; printf 'odd \\xe2\\x80\\xa8 line\\n'\n`,
    });
    expect(entries.map(({ offset }: { offset: number }) => offset)).toEqual([...entries.keys()]);
    expect(next_offset).toBe(entries.length);
    const from = next_offset - 2;
    const replay = (
      await service.call("GET", `/v1/templates/builds/${build.build_id}/logs?follow=false&cursor=${from}`)
    ).body;
    const frames = [...replay.matchAll(/^id: (\d+)\nevent: log\ndata: (.*)$/gm)];
    expect(frames.map(([, id]) => Number(id))).toEqual([from, from + 1]);
    expect(frames.map(([, , data]) => JSON.parse(data ?? ""))).toEqual(entries.slice(from));
    const whole = await followUntil(build.build_id, "never there");
    expect(whole).not.toMatch(/[\u2028\u0085]/);
    expect(whole).toContain("odd \\u2028 line");
  });

  it("comes with the build itself as one stream that ends with the template", async () => {
    const { headers, body } = await service.call("POST", "/v1/templates/build", {
      name: "streamed",
      tags: ["v1", "v2"],
      dockerfile: `FROM ${BASE_IMAGE}\n`,
    });
    expect(headers["content-type"]).toContain("text/event-stream");
    expect(headers["x-request-id"]).toMatch(/^req_/);
    const last = JSON.parse(body.trim().split("\ndata: ").at(-1));
    expect(last).toMatchObject({ kind: "end", result: { canonical_ref: "local/streamed", tags: ["v1", "v2"] } });
  });

  it("goes on when the caller of the stream hangs up", async () => {
    const { body } = await request(`${service.url}/v1/templates/build`, {
      method: "POST",
      headers: { authorization: `Bearer ${service.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({
        name: "left-alone",
        dockerfile: `FROM ${BASE_IMAGE}\nRUN echo ${Math.random()} && sleep 1\n`,
      }),
    });
    let text = "";
    for await (const chunk of body) {
      text += String(chunk);
      if (text.includes('"kind":"start"')) break;
    }
    const buildId = /"build_id":"(tb_\w+)"/.exec(text)?.[1] ?? "";
    expect((await service.waitForEnd(buildId)).build.status).toBe("ready");
  });

  it("answers 404 for a build that there is none of", async () => {
    for (const path of ["", "/logs?follow=true"]) {
      const { status, body } = await service.call("GET", `/v1/templates/builds/tb_none${path}`);
      expect([status, body.code]).toEqual([404, "template_build_not_found"]);
    }
  });
});

describe("retry and promote", () => {
  it("builds the stored definition again under new tags, with its lineage", async () => {
    const files = await service.upload({ "f.txt": "file" });
    const first = await service.build({
      name: "retried",
      tags: ["a"],
      dockerfile: `FROM ${BASE_IMAGE}\nCOPY f.txt /f\n`,
      build_context: { files },
    });
    const again = await service.call("POST", `/v1/templates/builds/${first.build.build_id}/retry`, { tags: ["b"] });
    expect(again.status).toBe(202);
    const second = await service.waitForEnd(again.body.build_id);
    expect(second.build).toMatchObject({
      status: "ready",
      tags: ["b"],
      retry_of_build_id: first.build.build_id,
      original_build_id: first.build.build_id,
      context_digest: first.build.context_digest,
    });
    const third = await service.call("POST", `/v1/templates/builds/${second.build.build_id}/retry`);
    expect(third.body).toMatchObject({
      original_build_id: first.build.build_id,
      retry_of_build_id: second.build.build_id,
    });
    await service.waitForEnd(third.body.build_id);
  });

  it("wants the same secrets again, and refuses contexts that came inside the request", async () => {
    const withSecret = await service.build({
      name: "retry-secret",
      dockerfile: `FROM ${BASE_IMAGE}\n`,
      build_secrets: [{ id: "token", value: "12345678" }],
    });
    const refused = await service.call("POST", `/v1/templates/builds/${withSecret.build.build_id}/retry`, {});
    expect(refused.status).toBe(400);
    expect(refused.body.error).toMatch(/build_secrets: .*token/);
    const inline = await service.build({
      name: "retry-inline",
      dockerfile: `FROM ${BASE_IMAGE}\nCOPY x /x\n`,
      build_context: { files: [{ path: "x", entry_type: "file", content_base64: "eA==" }] },
    });
    expect(inline.build.status).toBe("ready");
    const alsoRefused = await service.call("POST", `/v1/templates/builds/${inline.build.build_id}/retry`, {});
    expect([alsoRefused.status, alsoRefused.body.code]).toEqual([400, "invalid_request"]);
  });

  it("moves tags to a ready build, and to no other", async () => {
    const one = await service.build({ name: "promoted", tags: ["one"], base_image: BASE_IMAGE });
    await service.build({ name: "promoted", tags: ["two"], base_image: BASE_IMAGE });
    const moved = await service.call("POST", `/v1/templates/builds/${one.build.build_id}/promote`, {
      tags: ["two", "stable"],
    });
    expect(moved.status).toBe(200);
    expect(moved.body).toMatchObject({ id: one.build.template_id, tags: ["one", "stable", "two"] });
    const failed = await service.build({
      name: "promoted",
      tags: ["two"],
      dockerfile: `FROM ${BASE_IMAGE}\nRUN false\n`,
    });
    expect((await service.call("GET", "/v1/templates/refs/local%2Fpromoted%3Atwo")).body.id).toBe(
      one.build.template_id,
    );
    const refused = await service.call("POST", `/v1/templates/builds/${failed.build.build_id}/promote`, { tag: "two" });
    expect([refused.status, refused.body.code]).toEqual([409, "conflict"]);
  });
});

describe("a restart", () => {
  it("takes up builds that were running and waiting, and fails those whose secrets are gone", async () => {
    const files = await service.upload({ "go.sh": "echo kept" });
    const running = await start({
      name: "resumed",
      dockerfile: `FROM ${BASE_IMAGE}\nCOPY go.sh /\nRUN echo begun ${Math.random()} && sleep 2 && sh /go.sh\n`,
      build_context: { files },
    });
    const secret = await start(endless("lost-secret", { build_secrets: [{ id: "s", value: "12345678" }] }));
    const waiting = await start({ name: "still-waiting", dockerfile: `FROM ${BASE_IMAGE}\n` });
    await followUntil(running, '"message":"begun');
    await followUntil(secret, '"message":"begun');
    await service.restart();
    const resumed = await service.waitForEnd(running);
    expect(resumed.build.status).toBe("ready");
    expect(resumed.entries.some(({ kind }: { kind: string }) => kind === "retry")).toBe(true);
    expect((await service.waitForEnd(waiting)).build.status).toBe("ready");
    expect((await service.waitForEnd(secret)).build).toMatchObject({
      status: "error",
      failure_phase: "interrupted",
      error_detail: { retryable: true, details: { reason: "interrupted" } },
    });
  });
});

describe("without an engine", () => {
  it("refuses builds with 503 and what to start, and records nothing", async () => {
    await using lonely = await RunningService.start({ dockerHost: "unix:///nonexistent/docker.sock" });
    const refused = await lonely.call("POST", "/v1/templates/build", {
      name: "none",
      dockerfile: `FROM ${BASE_IMAGE}\n`,
    });
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: "engine_unavailable", retryable: true });
    expect(refused.body.error).toContain("unix:///nonexistent/docker.sock");
    expect(refused.body.suggested_action).toContain("Start Docker Engine");
    const history = await lonely.call("GET", "/v1/templates/refs/local%2Fnone/builds");
    expect([history.status, history.body.code]).toEqual([404, "template_not_found"]);
    expect((await lonely.call("GET", "/healthz")).body).toMatchObject({ status: "ok" });
  });
});

describe("what a kill left on the engine", () => {
  it("is removed at the next start, but for what is another service's", async () => {
    const { build } = await service.build({ name: "kept", base_image: BASE_IMAGE });
    const kept = `nullspace-local/${build.template_id}`;
    const labels = (await engine.images.inspect(kept)).Config?.Labels ?? {};
    const leave = async (name: string, Labels: Record<string, string>) =>
      (await engine.containers.create({ Image: kept, Cmd: ["true"], Labels }, { name })).id;
    const own = await leave("nullspace-check-tb_killed", { ...labels, "dev.nullspace.local.build": "tb_killed" });
    const foreign = await leave("nullspace-check-tb_foreign", {
      "dev.nullspace.local.instance": "another",
      "dev.nullspace.local.build": "tb_foreign",
    });
    await engine.images.tag(kept, "nullspace-local/tmpl_0failed");
    await service.restart();
    await expect.poll(() => exists(engine.containers.inspect(own)), { timeout: 20_000 }).toBe(false);
    await expect
      .poll(() => exists(engine.images.inspect("nullspace-local/tmpl_0failed")), { timeout: 20_000 })
      .toBe(false);
    expect(await exists(engine.containers.inspect(foreign))).toBe(true);
    expect(await exists(engine.images.inspect(kept))).toBe(true);
    await engine.containers.remove(foreign);
  });
});

async function exists(inspection: Promise<unknown>): Promise<boolean> {
  return inspection.then(
    () => true,
    (error: unknown) => {
      if (error instanceof EngineNotFoundError) return false;
      throw error;
    },
  );
}
