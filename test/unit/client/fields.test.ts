import { describe, expect, it } from "vitest";
import { Machine, Template } from "../../../sdk/client/index.ts";
import { json, scriptedServer } from "./scripted-server.ts";

describe("members asked for by themselves", () => {
  it("of a template are asked for once each, and answered as they are", async () => {
    await using server = await scriptedServer((request, response) =>
      json(response, 200, request.url.includes("refs") ? { id: "tmpl_1", tags: ["a"], new: 1 } : [{ id: "tmpl_2" }]),
    );
    const client = server.client();
    const one = await Template.get("acme/web", { client, fields: ["id", "tags", "id"] });
    // A description that was not asked for is not made up.
    expect(one).toEqual({ id: "tmpl_1", tags: ["a"], new: 1 });
    // @ts-expect-error it is not there
    expect(one.description).toBeUndefined();
    const [first] = await Template.list({ client, fields: ["id"] });
    expect(first?.id).toBe("tmpl_2");
    expect(server.seen.map(({ url }) => url)).toEqual([
      "/v1/templates/refs/acme%2Fweb?fields=id%2Ctags",
      "/v1/templates?fields=id",
    ]);
  });

  it("of machines may leave out what a whole machine must have", async () => {
    await using server = await scriptedServer((request, response) =>
      json(response, 200, request.url.includes("mch_1") ? { status: "running" } : { items: [{ id: "mch_1" }] }),
    );
    const client = server.client();
    expect((await client.machines.get("mch_1", { fields: ["status"] })).status).toBe("running");
    const page = await Machine.list({ state: "running" }, { client, fields: ["id"] });
    expect(page).toEqual({ items: [{ id: "mch_1" }], has_next: false });
    expect(server.seen.at(-1)?.url).toBe("/v1/machines?state=running&fields=id");
    await expect(client.machines.get("mch_1")).rejects.toMatchObject({ code: "invalid_response" });
  });

  it("must be members, and of the type that they have", async () => {
    await using server = await scriptedServer((_request, response) => json(response, 200, { id: 7 }));
    const { templates } = server.client();
    await expect(templates.get("web", { fields: [] })).rejects.toMatchObject({ argument: "fields" });
    await expect(templates.get("web", { fields: ["id"] })).rejects.toMatchObject({ code: "invalid_response" });
  });
});
