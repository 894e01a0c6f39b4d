import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BASE_IMAGE, RunningService } from "../engine/service/running-service.ts";

let service: RunningService;
const resources = { vcpus: 1, memory_mb: 64 };

beforeAll(async () => {
  service = await RunningService.start();
  await service.build({ name: "web", base_image: BASE_IMAGE });
});

afterAll(() => service[Symbol.asyncDispose]());

describe("a template with 10,000 tags", () => {
  const tags = Array.from({ length: 10_000 }, (_, index) => `v${index}`);

  it("takes them, lists them all, and finds its artifact by each", async () => {
    const assigned = await service.call("POST", "/v1/templates/refs/local%2Fweb/tags", { tags });
    expect([assigned.status, assigned.body.tags.length]).toEqual([200, 10_001]);
    const listed = await service.call("GET", "/v1/templates/refs/local%2Fweb/tags");
    expect(listed.body.map(({ tag }: { tag: string }) => tag).sort()).toEqual([...tags, "default"].sort());
    expect((await service.call("GET", "/v1/templates")).body).toHaveLength(2);
    const last = await service.call("GET", "/v1/templates/refs/local%2Fweb%3Av9999");
    expect(last.body.id).toBe(assigned.body.id);
  });

  it("moves and loses single ones, and keeps the others", async () => {
    const { build } = await service.build({ name: "web", base_image: BASE_IMAGE, tags: ["v5000"], skip_cache: true });
    const moved = await service.call("GET", "/v1/templates/refs/local%2Fweb%3Av5000?fields=id,tags");
    expect(moved.body).toEqual({ id: build.template_id, tags: ["v5000"] });
    expect((await service.call("DELETE", "/v1/templates/refs/local%2Fweb/tags/v5000")).status).toBe(204);
    expect((await service.call("GET", "/v1/templates/refs/local%2Fweb/tags")).body).toHaveLength(10_000);
  });
});

describe("a build of the service's own", () => {
  it("is not for others to run again or to point tags at", async () => {
    await service.call("GET", "/v1/templates/refs/nullspace%2Fbase");
    const { body: history } = await service.call("GET", "/v1/templates/refs/nullspace%2Fbase/builds");
    const path = `/v1/templates/builds/${history.builds[0].build_id}`;
    const answers = [
      await service.call("POST", `${path}/retry`, {}),
      await service.call("POST", `${path}/promote`, { tag: "v1" }),
      await service.call("POST", "/v1/templates/refs/nullspace%2Fbase/tags", { tags: ["v1"] }),
    ];
    expect(answers.map(({ status, body: { code } }) => [status, code])).toEqual([
      [403, "permission_denied"],
      [400, "invalid_request"],
      [400, "invalid_request"],
    ]);
  });
});

describe("what is only kept", () => {
  it("comes back as it was given, in every alphabet", async () => {
    const text = fc.string({ unit: "binary", minLength: 1, maxLength: 40 }).filter((one) => one.isWellFormed());
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.dictionary(text, text, { maxKeys: 3 }),
        fc.jsonValue({ maxDepth: 4 }),
        async (name, labels, value) => {
          // Names that set a prototype are refused as JSON already.
          fc.pre(!/"(__proto__|constructor)"/.test(JSON.stringify([labels, value])));
          const asked = { name: `${number++}${name}`, labels, metadata: { value } };
          const pool = { ...asked, template_ref: "local/web", min_ready: 0, max_ready: 0, resources };
          const made = await service.call("POST", "/v1/template-warm-pools", pool);
          const read = await service.call("GET", `/v1/template-warm-pools/${made.body.id}`);
          const { name: readName, labels: readLabels, metadata } = read.body;
          expect({ name: readName, labels: readLabels, metadata }).toEqual(JSON.parse(JSON.stringify(asked)));
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });
});

describe("a command in a machine", () => {
  let path: string;

  beforeAll(async () => {
    const machine = { template: "local/web", vcpus: 1, memory_mb: 64 };
    const { body } = await service.call("POST", "/v1/machines", machine, { "idempotency-key": "extremes" });
    path = `/v1/machines/${body.id}`;
  });

  it("gets words of every alphabet as they are", async () => {
    const words = ["имя", "名前", "😀", "a b", "'\"`$", "a\nb", "\u202e", "\u0001", ""];
    const { body } = await service.call("POST", `${path}/exec`, { command: "printf", args: ["%s|", ...words] });
    expect(body).toMatchObject({ exit_code: 0, stdout: words.map((word) => `${word}|`).join("") });
  });

  it.each([
    ["its name", { command: "a\0b" }],
    ["an argument", { command: "echo", args: ["a\0b"] }],
    ["a variable", { command: "env", envs: { A: "a\0b" } }],
    ["a variable's name", { command: "env", envs: { "A\0": "b" } }],
    ["its folder", { command: "pwd", cwd: "/tmp\0" }],
  ])("with a NUL in %s is refused: the kernel ends words there", async (_what, body) => {
    const { status, body: answer } = await service.call("POST", `${path}/exec`, body);
    expect([status, answer.code]).toEqual([400, "invalid_request"]);
    expect(answer.error).toContain("NUL");
  });
});
