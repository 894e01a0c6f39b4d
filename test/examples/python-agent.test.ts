import { describe, expect, it } from "vitest";
import type { NullspaceClient } from "../../sdk/client/index.ts";
import { startTestService } from "../e2e/support/service.ts";
import { Example } from "./support/example.ts";
import { buildPythonImage } from "./support/python-image.ts";

describe("examples/python-agent", () => {
  it("installs with apt and pip, copies the agent, and builds again only for what is copied", async () => {
    await using image = await buildPythonImage();
    await using service = await startTestService();
    using example = new Example("python-agent", service.env);
    await example.stack({ image: image.name });

    await example.follow("pulumi up --yes --skip-preview");
    await example.follow('node ask.mjs "$(pulumi stack output template)"');
    await example.follow('node ask.mjs "$(pulumi stack output template)" count "one build, many machines"');
    // apt-get of the test's image only writes down what it is asked for.
    expect(await outputIn(service.client, "cat /var/log/apt-get.log; pwd; ls *.*")).toBe(
      "update\ninstall -y -- git jq\n/agent\nagent.py\ntools.py\n",
    );

    await example.follow("touch agent/tools.py && echo '# Notes' > agent/notes.md");
    await example.follow("pulumi preview");
    await example.follow("cat reverse.py >> agent/tools.py");
    await example.follow("pulumi preview --diff");
    await example.follow("pulumi up --yes --skip-preview");
    await example.follow('node ask.mjs "$(pulumi stack output template)" reverse "desserts"');
    const { builds } = await service.client.builds.list("local/python-agent");
    expect(builds.map(({ status, cache_summary }) => [status, cache_summary?.layer_hits])).toEqual([
      ["ready", 3],
      ["ready", 0],
    ]);

    await example.follow("pulumi destroy --yes --skip-preview");
    expect(example.toFollow()).toEqual([]);
    expect((await service.client.templates.list()).filter(({ builtin }) => !builtin)).toEqual([]);
  });
});

/** What a command prints in a machine of the template. */
async function outputIn({ machines }: NullspaceClient, command: string): Promise<string> {
  const { id } = await machines.create({ template: "local/python-agent", vcpus: 1, memory_mb: 256 });
  try {
    return (await machines.exec(id, { command, shell: true, background: false })).stdout;
  } finally {
    await machines.delete(id);
  }
}
