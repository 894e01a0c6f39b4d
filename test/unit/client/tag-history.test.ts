import { describe, expect, it } from "vitest";
import { historyTable } from "../../../bin/commands/promotions-table.ts";
import { tagHistory, type TagHistory } from "../../../sdk/client/index.ts";
import { json, scriptedServer, type Handler } from "./scripted-server.ts";

const T = (second: number) => `2026-01-02T03:04:${String(second).padStart(2, "0")}Z`;
const TEMPLATES = "/v1/templates/refs";
const info = (name: string, more = {}): Handler => {
  return (_request, response) => json(response, 200, { id: "tmpl_1", name, canonical_ref: `acme/${name}`, ...more });
};
const tags = (...pairs: [tag: string, build: string][]): Handler => {
  return (_request, response) =>
    json(
      response,
      200,
      pairs.map(([tag, build_id]) => ({ tag, build_id, created_at: T(0) })),
    );
};
const build = (id: string, under: string[], second: number) => ({
  build_id: id,
  template_id: `tmpl_${id}`,
  name: "web",
  tags: under,
  status: "ready",
  created_at: T(0),
  updated_at: T(second),
  finished_at: T(second),
  triggered_by: "ann",
});

describe("the history of a tag", () => {
  it("comes from the service's record, page by page, up to the limit", async () => {
    await using server = await scriptedServer({
      [`GET ${TEMPLATES}/web/tags`]: tags(["prod", "tb_9"], ["pulumi-mark", "tb_9"]),
      [`GET ${TEMPLATES}/web%3Atb_9`]: info("web"),
      [`GET ${TEMPLATES}/web/tag-moves`]: ({ url }, response) => {
        const query = new URL(url, "http://service").searchParams;
        const at = Number(query.get("cursor") ?? 0);
        const count = Number(query.get("limit"));
        const moves = Array.from({ length: count }, (_each, index) => ({
          tag: query.get("tag"),
          from_build_id: `tb_${at + index + 1}`,
          to_build_id: `tb_${at + index}`,
          moved_at: T(1),
        }));
        json(response, 200, { moves, next_cursor: String(at + count) });
      },
    });
    const history = await tagHistory(server.client(), "web:prod", { limit: 150 });
    expect(history).toMatchObject({
      template: "acme/web",
      tag: "prod",
      buildId: "tb_9",
      source: "moves",
      hasMore: true,
    });
    expect(history.moves.map(({ to }) => to)).toEqual(Array.from({ length: 150 }, (_each, index) => `tb_${index}`));
    expect(history.moves[0]).toEqual({ at: T(1), from: "tb_1", to: "tb_0" });
    const asked = server.seen.filter(({ url }) => url.includes("tag-moves")).map(({ url }) => url.split("?")[1]);
    expect(asked).toEqual(["tag=prod&limit=100", "tag=prod&limit=50&cursor=100"]);
  });

  it.each([
    [404, "template_not_found"],
    [404, "unknown"],
    [400, "invalid_request"],
    [405, "unknown"],
    [501, "not_implemented"],
  ])("of a service that answers %i %s is what its builds tell, and no more", async (status, code) => {
    await using server = await scriptedServer({
      [`GET ${TEMPLATES}/acme%2Fweb/tags`]: tags(["prod", "tb_old"]),
      [`GET ${TEMPLATES}/acme%2Fweb%3Atb_old`]: info("web"),
      [`GET ${TEMPLATES}/acme%2Fweb/tag-moves`]: (_request, response) => json(response, status, { error: "no", code }),
      [`GET ${TEMPLATES}/acme%2Fweb/builds`]: ({ url }, response) =>
        json(
          response,
          200,
          url.includes("cursor=")
            ? { builds: [build("tb_old", ["prod"], 1)] }
            : { builds: [build("tb_dev", ["dev"], 5), build("tb_new", ["prod", "dev"], 4)], next_cursor: "c" },
        ),
    });
    const history = await tagHistory(server.client(), "acme/web:prod");
    expect(history).toEqual({
      template: "acme/web",
      tag: "prod",
      buildId: "tb_old",
      source: "builds",
      // The tag was moved back by hand: that it was is plain, when and from where is not.
      moves: [{ to: "tb_old" }, { at: T(4), to: "tb_new", by: "ann" }, { at: T(1), to: "tb_old", by: "ann" }],
      hasMore: false,
    });
    expect(historyTable(history)).toContain("This service keeps no record of promotions");
  });

  it("does not take a service that is down, or refuses, for one without a record", async () => {
    await using server = await scriptedServer({
      [`GET ${TEMPLATES}/web/tags`]: tags(["prod", "tb_1"]),
      [`GET ${TEMPLATES}/web/tag-moves`]: (_request, response) =>
        json(response, 403, { error: "not you", code: "forbidden" }),
    });
    await expect(tagHistory(server.client(), "web:prod")).rejects.toMatchObject({ code: "forbidden" });
  });

  it("of a bare name is that of the tag that the service says it means", async () => {
    await using server = await scriptedServer({
      [`GET ${TEMPLATES}/web/tags`]: tags(["latest", "tb_1"], ["prod", "tb_2"]),
      [`GET ${TEMPLATES}/web`]: info("web", { default_tag: "latest" }),
      [`GET ${TEMPLATES}/web%3Atb_1`]: info("web"),
      [`GET ${TEMPLATES}/web/tag-moves`]: (_request, response) => json(response, 200, { moves: [] }),
    });
    expect(await tagHistory(server.client(), "web")).toMatchObject({ tag: "latest", buildId: "tb_1", moves: [] });
  });

  it("of a tag that never was, and of a name that means none, is an error that names those there are", async () => {
    await using server = await scriptedServer({
      [`GET ${TEMPLATES}/web/tags`]: tags(["dev", "tb_1"], ["pulumi-mark", "tb_1"], ["prod", "tb_1"]),
      [`GET ${TEMPLATES}/web`]: info("web"),
      [`GET ${TEMPLATES}/web/tag-moves`]: (_request, response) => json(response, 200, { moves: [] }),
    });
    const client = server.client();
    await expect(tagHistory(client, "web:nope")).rejects.toMatchObject({
      code: "template_tag_not_found",
      message: 'Template web has no tag "nope". Name one of its tags: dev, prod.',
    });
    await expect(tagHistory(client, "web")).rejects.toThrow("Template web has no default tag");
    for (const ref of ["tmpl_1", "web:tb_1"]) {
      await expect(tagHistory(client, ref)).rejects.toMatchObject({ code: "invalid_request" });
    }
    await expect(tagHistory(client, "a/b/c")).rejects.toMatchObject({ code: "invalid_template_ref" });
  });
});

describe("its table", () => {
  const long = `tb_${"x".repeat(120)}end`;
  const history: TagHistory = {
    template: "acme/web",
    tag: "prod",
    buildId: null,
    source: "moves",
    hasMore: true,
    moves: [
      { at: "2026-01-02T03:04:05.678+01:00", from: long, to: null, by: "somebody.with.a.long.name@example.com" },
      { at: "2026-01-01T00:00:00Z", from: null, to: long, by: "ann" },
      { to: "tb_1" },
    ],
  };

  it("has lines of at most 100 characters, with both ends of what is longer", () => {
    const lines = historyTable(history).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines).toEqual([
      "acme/web:prod was removed",
      "",
      "WHEN                  FROM                           TO                             BY",
      "2026-01-02T02:04:05Z  tb_xxxxxxxxxxx…xxxxxxxxxxxend  (removed)                      somebody…ple.com",
      "2026-01-01T00:00:00Z  (new)                          tb_xxxxxxxxxxx…xxxxxxxxxxxend  ann",
      "?                     ?                              tb_1                           ?",
      "",
      "There are older moves: raise --limit to see them.",
      "",
    ]);
  });
});
