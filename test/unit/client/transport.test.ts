import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  ApiError,
  AuthError,
  ClientClosedError,
  InvalidResponseError,
  NotFoundError,
  NullspaceClient,
  RateLimitError,
  TransportError,
} from "../../../sdk/client/index.ts";
import { build, json, KEY, scriptedServer } from "./scripted-server.ts";

/** The error that a promise is rejected with. */
async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it succeeded");
}

const template = { id: "tmpl_1", name: "web" };

describe("a call", () => {
  it("carries the key, JSON and the client's name, with the reference as one encoded segment", async () => {
    await using server = await scriptedServer((_request, response) => json(response, 200, template));
    await server.client().templates.assignTags("acme/web:v1", ["v 1"]);
    const [request] = server.seen;
    expect(request).toMatchObject({
      method: "POST",
      url: "/v1/templates/refs/acme%2Fweb%3Av1/tags",
      body: '{"tags":["v 1"]}',
    });
    expect(request?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, "content-type": "application/json" });
    expect(request?.headers["user-agent"]).toMatch(/^pulumi-nullspace\/\d/);
  });

  it("keeps the path prefix of the base URL", async () => {
    await using server = await scriptedServer((_request, response) => json(response, 200, []));
    await server.client({ baseUrl: `${server.url}/nullspace/` }).templates.list();
    expect(server.seen[0]?.url).toBe("/nullspace/v1/templates");
  });

  it("has an empty body and no content type when there is nothing to send", async () => {
    await using server = await scriptedServer((_request, response) => json(response, 200, { id: "twp_1" }));
    await server.client().warmPools.enable("twp_1");
    expect(server.seen[0]?.body).toBe("");
    expect(server.seen[0]?.headers["content-type"]).toBeUndefined();
    expect(server.seen[0]?.headers["content-length"]).toBe("0");
  });

  it("refuses a reference that would name another path", async () => {
    await using server = await scriptedServer((_request, response) => json(response, 200, template));
    for (const ref of ["", ".", ".."]) {
      expect(await failure(server.client().templates.get(ref))).toMatchObject({ code: "invalid_request" });
    }
    expect(server.seen).toEqual([]);
  });
});

describe("answers", () => {
  it("keep members and enum values that this client does not know", async () => {
    await using server = await scriptedServer((_request, response) =>
      json(response, 200, { build: { ...build("hibernating"), shiny: { new: 1 } }, entries: [], next_offset: 0 }),
    );
    const { build: read } = await server.client().builds.get("tb_1");
    expect(read.status).toBe("hibernating");
    expect(read.shiny).toEqual({ new: 1 });
    expect(read.canonical_ref).toBe("n");
  });

  it.each([
    ["text", "<html>hello</html>", "is not JSON"],
    ["an empty body", "", "is not JSON"],
    ["an array", "[1]", "unknown shape: answer:"],
    ["a wrong member", JSON.stringify({ id: 5 }), "unknown shape: id:"],
  ])("that are %s are an InvalidResponseError that says so", async (_name, body, text) => {
    await using server = await scriptedServer(
      (_request, response) => void response.writeHead(200, { "x-request-id": "req_7" }).end(body),
    );
    const error = await failure(server.client().templates.get("web"));
    expect(error).toBeInstanceOf(InvalidResponseError);
    expect(error).toMatchObject({ code: "invalid_response", requestId: "req_7", status: 200 });
    expect(String(error)).toContain("Could not read template web");
    expect(String(error)).toContain(text);
  });

  it("that redirect are refused and not followed", async () => {
    await using server = await scriptedServer(
      (_request, response) => void response.writeHead(307, { location: "/elsewhere" }).end(),
    );
    const error = await failure(server.client().templates.list());
    expect(error).toBeInstanceOf(InvalidResponseError);
    expect(String(error)).toContain("redirect (HTTP 307)");
    expect(server.seen).toHaveLength(1);
  });
});

describe("errors", () => {
  it("carry code, status, request id, advice and detail", async () => {
    const detail = {
      code: "file_upload_error",
      message: "digest differs",
      phase: "blob_upload",
      retryable: true,
      suggested_action: "Upload again",
      details: { blob_id: "blob_1" },
    };
    await using server = await scriptedServer((_request, response) =>
      json(response, 400, {
        error: "digest differs",
        code: "file_upload_error",
        error_detail: detail,
        request_id: "req_1",
      }),
    );
    const error = await failure(server.client().builds.start({ name: "web", base_image: "alpine" }));
    expect(error).toMatchObject({
      name: "FileUploadError",
      code: "file_upload_error",
      status: 400,
      requestId: "req_1",
      retryable: true,
      suggestedAction: "Upload again",
      detail: { phase: "blob_upload", details: { blob_id: "blob_1" } },
      message:
        "Could not start a build of web: digest differs. Upload again. (file_upload_error, HTTP 400, request req_1)",
    });
  });

  it("are read from the nested form too", async () => {
    await using server = await scriptedServer((_request, response) =>
      json(response, 404, { error: { code: "TEMPLATE_NOT_FOUND", message: "no such template" }, request_id: "req_2" }),
    );
    const error = await failure(server.client().templates.get("web"));
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toMatchObject({ code: "template_not_found", requestId: "req_2" });
  });

  it.each([
    ["an array", "[1,2]"],
    ["text", "upstream is gone"],
    ["nothing", ""],
    ["a string", '"oops"'],
  ])("whose body is %s still are errors with a status", async (_name, body) => {
    await using server = await scriptedServer((_request, response) => void response.writeHead(418).end(body));
    const error = await failure(server.client().templates.get("web"));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: "unknown", status: 418 });
  });

  it("never hold the key or a credential of the request, even when the service echoes them", async () => {
    await using server = await scriptedServer((request, response) =>
      json(response, 401, {
        error: `bad ${request.headers.authorization} with ${request.body}`,
        code: "unauthenticated",
      }),
    );
    const client = server.client();
    const error = await failure(
      client.builds.start({
        base_image: "alpine",
        base_image_auth: { kind: "basic", username: "u", password: "hunter22" },
        build_secrets: [{ id: "tok", value: "s3cr3t-value" }],
      }),
    );
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toMatchObject({ code: "unauthorized" });
    expect(String(error)).toContain("Check NULLSPACE_API_KEY");
    const shown = inspect(error, { depth: 10 }) + inspect(client, { depth: 10, showHidden: true });
    for (const secret of [KEY, "hunter22", "s3cr3t-value"]) expect(shown).not.toContain(secret);
  });

  it("say what to start when nothing listens", async () => {
    await using server = await scriptedServer(() => {});
    const { url } = server;
    await server[Symbol.asyncDispose]();
    await using client = new NullspaceClient({ apiKey: KEY, baseUrl: url, env: {} });
    const error = await failure(client.builds.start({ base_image: "alpine" }));
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: "transport_error", reason: "refused", outcome: "not_sent", url });
    expect(String(error)).toContain(`nothing answers at ${url}`);
    expect(String(error)).toContain("nullspace-local serve");
  });

  it("say that a name does not resolve", async () => {
    await using client = new NullspaceClient({ apiKey: KEY, baseUrl: "http://service.invalid", env: {} });
    expect(await failure(client.templates.list())).toMatchObject({ reason: "unresolved", outcome: "not_sent" });
  });

  it("come from a closed client at once", async () => {
    await using server = await scriptedServer((_request, response) => json(response, 200, []));
    const client = server.client();
    await client.templates.list();
    await client.close();
    expect(await failure(client.templates.list())).toBeInstanceOf(ClientClosedError);
  });
});

describe("retries", () => {
  it("go on after a 429, also for calls that are not repeatable", async () => {
    await using server = await scriptedServer((_request, response, attempt) =>
      attempt < 4
        ? json(response, 429, { error: "slow down", code: "rate_limit_exceeded" }, { "retry-after": "0.01" })
        : json(response, 202, build()),
    );
    expect((await server.client().builds.start({ base_image: "alpine" })).build_id).toBe("tb_1");
    expect(server.seen).toHaveLength(4);
  });

  it.each([
    [429, "quota_exceeded"],
    [503, "capacity_exceeded"],
  ])(
    "of a machine's creation end after four %i %s: only what ends by itself is asked for longer",
    async (status, code) => {
      await using server = await scriptedServer((_request, response) =>
        json(response, status, { error: "full", code }, { "retry-after": "0" }),
      );
      expect(await failure(server.client().machines.create({}))).toMatchObject({ code, status });
      expect(server.seen).toHaveLength(4);
    },
  );

  it("end after four 429 with what the service asked for", async () => {
    await using server = await scriptedServer((_request, response) =>
      json(response, 429, { error: "slow down" }, { "retry-after": "0.01" }),
    );
    const error = await failure(server.client().templates.list());
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ retryAfterMs: 10, code: "rate_limit_exceeded", status: 429 });
    expect(server.seen).toHaveLength(4);
  });

  it("do not wait for longer than a minute", async () => {
    await using server = await scriptedServer((_request, response) =>
      json(response, 429, { error: "slow down" }, { "retry-after": "3600" }),
    );
    expect(await failure(server.client().templates.list())).toMatchObject({ retryAfterMs: 3_600_000 });
    expect(server.seen).toHaveLength(1);
  });

  it.each([502, 503, 504])("go on after HTTP %d when the call is safe", async (status) => {
    await using server = await scriptedServer((_request, response, attempt) =>
      attempt === 1 ? json(response, status, { error: "later", code: "unknown" }) : json(response, 200, template),
    );
    expect((await server.client().templates.get("web")).id).toBe("tmpl_1");
  });

  it("do not start a second build when the answer to the first is lost", async () => {
    await using server = await scriptedServer((_request, response) => void response.destroy());
    const error = await failure(server.client().builds.start({ base_image: "alpine" }));
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ outcome: "unknown", reason: "broken" });
    expect(server.seen).toHaveLength(1);
  });

  it("do not start a second build after a 503", async () => {
    await using server = await scriptedServer((_request, response) =>
      json(response, 503, { error: "x", code: "internal_error" }),
    );
    expect(await failure(server.client().builds.start({ base_image: "alpine" }))).toMatchObject({ status: 503 });
    expect(server.seen).toHaveLength(1);
  });

  it("read again when the answer is lost or cut", async () => {
    await using server = await scriptedServer((_request, response, attempt) => {
      if (attempt === 1) response.destroy();
      else if (attempt === 2)
        response.writeHead(200, { "content-length": "100" }).write('{"id"', () => response.destroy());
      else json(response, 200, template);
    });
    expect((await server.client().templates.get("web")).id).toBe("tmpl_1");
    expect(server.seen).toHaveLength(3);
  });

  it("create one machine with one key, however often the answer is lost", async () => {
    await using server = await scriptedServer((_request, response, attempt) => {
      if (attempt === 1) response.destroy();
      else if (attempt === 2) json(response, 409, { error: "soon", code: "transition_in_progress" });
      else {
        json(response, 201, {
          id: "mch_1",
          status: "running",
          template: "web",
          created_at: "2026-01-02T03:04:05Z",
          config: { vcpus: 1, memory_mb: 256 },
        });
      }
    });
    expect((await server.client().machines.create({ template: "web" })).id).toBe("mch_1");
    const keys = new Set(server.seen.map((request) => request.headers["idempotency-key"]));
    expect(server.seen).toHaveLength(3);
    expect(keys.size).toBe(1);
    expect([...keys][0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("take a removal as done when its answer was lost and the thing is gone", async () => {
    await using server = await scriptedServer((_request, response, attempt) =>
      attempt === 1 ? void response.destroy() : json(response, 404, { error: "gone", code: "template_not_found" }),
    );
    await expect(server.client().templates.delete("web")).resolves.toBeUndefined();
    expect(server.seen).toHaveLength(2);
  });

  it("report a removal of what never was", async () => {
    await using server = await scriptedServer((_request, response) =>
      json(response, 404, { error: "no", code: "template_not_found" }),
    );
    expect(await failure(server.client().templates.delete("web"))).toBeInstanceOf(NotFoundError);
  });
});

describe("time", () => {
  it("runs out for a service that is silent", async () => {
    await using server = await scriptedServer(() => {});
    const error = await failure(server.client({ timeoutMs: 50 }).builds.start({ base_image: "a" }, { timeoutMs: 50 }));
    expect(error).toMatchObject({ name: "TransportError", reason: "timeout", outcome: "unknown" });
    expect(String(error)).toContain("silent for 50 ms");
  });

  it("ends when the signal says so, with its reason, also while waiting to try again", async () => {
    await using server = await scriptedServer((_request, response) =>
      json(response, 429, { error: "slow down" }, { "retry-after": "50" }),
    );
    const stop = new AbortController();
    const reason = new Error("the user pressed Ctrl-C");
    const call = failure(server.client().templates.list({ signal: stop.signal }));
    const waiting = setInterval(() => server.seen.length > 0 && stop.abort(reason), 5);
    expect(await call).toBe(reason);
    clearInterval(waiting);
  });

  it("ends while the answer is on its way", async () => {
    await using server = await scriptedServer((_request, response) => void response.writeHead(200).write('{"id":'));
    const stop = new AbortController();
    const reason = new Error("enough");
    const call = failure(server.client().templates.get("web", { signal: stop.signal }));
    const waiting = setInterval(() => server.seen.length > 0 && stop.abort(reason), 5);
    expect(await call).toBe(reason);
    clearInterval(waiting);
  });
});

describe("existence", () => {
  it("is denied by template_not_found alone", async () => {
    await using server = await scriptedServer({
      "GET /v1/templates/refs/a": (_request, response) =>
        json(response, 404, { error: "x", code: "template_not_found" }),
      "GET /v1/templates/refs/b": (_request, response) => json(response, 404, { error: "x", code: "not_found" }),
      "GET /v1/templates/refs/c": (_request, response) => json(response, 200, {}),
    });
    const { templates } = server.client();
    expect(await templates.exists("a")).toBe(false);
    expect(await failure(templates.exists("b"))).toBeInstanceOf(NotFoundError);
    expect(await templates.exists("c")).toBe(true);
  });
});
