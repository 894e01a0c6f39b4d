import { describe, expect, it } from "vitest";
import { baseImage, startTestService } from "../e2e/support/service.ts";
import { Example } from "./support/example.ts";

describe("examples/import-and-adopt", () => {
  it("takes over what was made by hand, and takes away that and nothing else", async () => {
    await using service = await startTestService();
    using example = new Example("import-and-adopt", { ...service.env, BASE_IMAGE: baseImage() });
    for (const folder of ["import", "adopt"]) await example.stack({ folder });
    const { client } = service;
    const builds = async (name: string) =>
      (await client.builds.list(`local/${name}`)).builds.map(({ build_id }) => build_id);
    /** Names of what there is, the service's own templates left out. */
    const exists = async () => ({
      templates: (await client.templates.list()).filter(({ builtin }) => !builtin).map((one) => one.canonical_ref),
      pools: (await client.warmPools.list()).filter(({ state }) => state !== "deleted").map(({ name }) => name),
    });

    await example.follow("node by-hand.mjs old-web");
    await example.follow("node by-hand.mjs new-web");
    const [byHand] = [await builds("old-web"), await builds("new-web")];

    await example.follow("node inventory.mjs old-web > resources.json");
    await example.follow(
      "pulumi -C import import --file ../resources.json --protect=false --generate-code=false --yes --skip-preview",
    );
    await example.follow("pulumi -C import preview");
    await example.follow("pulumi -C import up --yes --skip-preview");
    expect(await builds("old-web")).toEqual(byHand);

    await example.follow("pulumi -C adopt up --yes --skip-preview");
    await example.follow("pulumi -C adopt preview");
    const [rebuilt, ...before] = await builds("new-web");
    expect(before).toHaveLength(1);
    const pool = (await client.warmPools.list()).find(({ name }) => name === "new-web");
    expect(pool).toMatchObject({ resolved_template_build_id: rebuilt });

    await example.follow("pulumi -C import destroy --yes --skip-preview");
    const left = await exists();
    expect([...new Set(left.templates)]).toEqual(["local/new-web"]);
    expect(left.pools).toEqual(["new-web"]);
    await example.follow("pulumi -C adopt destroy --yes --skip-preview");
    expect(await exists()).toEqual({ templates: [], pools: [] });
    expect(example.toFollow()).toEqual([]);
  });
});
