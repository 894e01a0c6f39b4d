import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TagHistory } from "../../sdk/index.ts";
import { RunningService } from "../engine/service/running-service.ts";
import { PythonClient } from "./python/python-client.ts";
import { bareEnvironment } from "../bare-environment.ts";

const ROOT = join(import.meta.dirname, "..", "..");

let service: RunningService;
let python: PythonClient;

beforeAll(async () => {
  service = await RunningService.start();
  python = new PythonClient({ url: service.url, apiKey: service.apiKey, home: service.dataDirectory });
});

afterAll(async () => {
  await python[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

/** Runs `pulumi-nullspace promotions` against the service. */
function promotions(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = ["--conditions=nullspace-source", join(ROOT, "bin", "pulumi-nullspace.ts"), "promotions", ...args];
  const env = bareEnvironment({
    HOME: service.dataDirectory,
    NULLSPACE_API_URL: service.url,
    NULLSPACE_API_KEY: service.apiKey,
  });
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env, cwd: service.dataDirectory }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function history(ref: string): Promise<TagHistory> {
  const { code, stdout, stderr } = await promotions(ref, "--json");
  if (code !== 0) throw new Error(`promotions ${ref} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as TagHistory;
}

describe("pulumi-nullspace promotions", () => {
  it("tells of every move that the published client makes, and agrees with what that one sees", async () => {
    const seen = (await python.run(`
from nullspace import Template, TemplateBuild
import os
base = Template.from_image(os.environ["NULLSPACE_BASE_IMAGE"])
first = Template.build(base, "web", tags=["prod"])
second = Template.build(base, "web", tags=["dev"])
second.promote(tag="prod")
Template.assign_tags("web:" + first["build_id"], ["prod", "default"])
Template.remove_tag("web", "default")
answer = {
    "first": first["build_id"], "second": second["build_id"],
    "tags": {tag.tag: tag.build_id for tag in Template.get_tags("web")},
    "builds": [[one.build_id, one.tags, one.triggered_by] for one in Template.list_builds("web").builds],
}`)) as { first: string; second: string; tags: Record<string, string>; builds: [string, string[], string][] };
    const { first, second } = seen;
    const prod = await history("local/web:prod");
    expect(prod).toMatchObject({ template: "local/web", tag: "prod", buildId: seen.tags.prod, source: "moves" });
    expect(prod.moves.map(({ from, to }) => [from, to])).toEqual([
      [second, first],
      [first, second],
      [null, first],
    ]);
    // Who moved it is who the client sees as the one that had the builds made: the service has one user.
    const users = new Set(seen.builds.map(([, , user]) => user));
    expect(new Set(prod.moves.map(({ by }) => by))).toEqual(users);
    // What that client can read of the past, the builds that were started under a tag, is in there.
    const started = seen.builds.filter(([, tags]) => tags.includes("prod")).map(([id]) => id);
    expect(prod.moves.map(({ to }) => to)).toEqual(expect.arrayContaining(started));
    const gone = await history("web:default");
    expect(gone).toMatchObject({
      buildId: null,
      moves: [
        { from: first, to: null },
        { from: null, to: first },
      ],
    });
  });

  it("prints a table, newest first, as far as the limit goes", async () => {
    await python.run(`
from nullspace import Template
import os
base = Template.from_image(os.environ["NULLSPACE_BASE_IMAGE"])
answer = [Template.build(base, "table").id for _ in range(3)]`);
    const { code, stdout } = await promotions("table", "--limit", "2");
    const lines = stdout.split("\n");
    expect([code, lines.length]).toEqual([0, 8]);
    expect(lines[0]).toMatch(/^local\/table:default points at tb_\w+$/);
    for (const line of lines.slice(3, 5)) expect(line).toMatch(/^[-\d]+T[:\d]+Z  tb_\w{26}  tb_\w{26}  local$/);
    expect(lines[3]).toContain(lines[4]!.slice(53, 82));
    expect(lines[6]).toContain("--limit");
  });

  it("ends with 1 for what the service does not have, and with 2 for what is wrong with the command", async () => {
    await python.run(`
from nullspace import Template
import os
answer = Template.build(Template.from_image(os.environ["NULLSPACE_BASE_IMAGE"]), "some", tags=["v1"]).id`);
    const cases: [string[], number, string, RegExp][] = [
      [["none:prod"], 1, "template_not_found", /no template "none"/],
      [["some:prod"], 1, "template_tag_not_found", /no tag "prod"\. Name one of its tags: v1/],
      [["some"], 1, "template_tag_not_found", /no default tag\. Name one of its tags: v1/],
      [["base:latest"], 1, "invalid_request", /./],
      [["some:tb_1"], 2, "invalid_request", /is one build/],
      [["Some Thing"], 2, "invalid_template_ref", /is not a template reference/],
      [["some:v1", "--limit", "0"], 2, "usage", /from 1 to 1000/],
      [[], 2, "usage", /missing required argument/],
    ];
    for (const [args, code, name, message] of cases) {
      const result = await promotions(...args);
      const { error } = JSON.parse(result.stderr.trim().split("\n").at(-1)!) as {
        error: { code: string; message: string };
      };
      expect([args, result.code, error.code, result.stdout]).toEqual([args, code, name, ""]);
      expect(error.message).toMatch(message);
    }
  });
});
