import { describe, expect, it } from "vitest";
import { startTestService } from "../e2e/support/service.ts";
import { Example } from "./support/example.ts";

describe("examples/monorepo", () => {
  it("builds only the service that changed, and all of them when the base has changed", async () => {
    await using service = await startTestService();
    using example = new Example("monorepo", service.env);
    await example.stack();
    const built = async () => {
      const refs = ["base", "api", "worker"].map((name) => `local/mono-${name}`);
      const lists = await Promise.all(refs.map((ref) => service.client.builds.list(ref)));
      return lists.map(({ builds }) => builds.length);
    };

    await example.follow("pulumi up --yes --skip-preview");
    expect(await built()).toEqual([1, 1, 1]);
    await example.follow("node start.mjs api");

    await example.follow("echo 'say api \"and says so\"' >> services/api/main.sh");
    await example.follow("pulumi preview");
    await example.follow("pulumi up --yes --skip-preview");
    expect(await built()).toEqual([1, 2, 1]);

    await example.follow("echo 'say() { echo \"$1: $2\"; }' > base/lib/say.sh");
    await example.follow("pulumi preview");
    await example.follow("pulumi up --yes --skip-preview");
    expect(await built()).toEqual([2, 3, 2]);
    await example.follow("node start.mjs api");
    await example.follow("node start.mjs worker");

    await example.follow("pulumi up --yes --skip-preview");
    expect(await built()).toEqual([2, 3, 2]);
    await example.follow("pulumi destroy --yes --skip-preview");
    expect(example.toFollow()).toEqual([]);
    expect((await service.client.templates.list()).filter(({ builtin }) => !builtin)).toEqual([]);
  });
});
