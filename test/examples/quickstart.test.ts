import { describe, expect, it } from "vitest";
import { startTestService } from "../e2e/support/service.ts";
import { Example } from "./support/example.ts";

// `npm run quickstart` tells the whole story; this is the program in the hands of who copied it.
describe("examples/quickstart", () => {
  it("makes four resources, changes them with a file, and takes them away", async () => {
    await using service = await startTestService();
    using example = new Example("quickstart", service.env);
    await example.stack();
    expect((await example.pulumi("up", "--yes", "--skip-preview")).text).toMatch(/5 created/);
    example.write("app/www/index.html", "changed\n");
    const { text } = await example.pulumi("preview");
    expect(text).toMatch(/3 to update/);
    expect((await example.pulumi("up", "--yes", "--skip-preview")).text).toMatch(/3 updated/);
    expect((await example.pulumi("destroy", "--yes", "--skip-preview")).text).toMatch(/5 deleted/);
    expect((await service.client.templates.list()).filter(({ builtin }) => !builtin)).toEqual([]);
  });
});
