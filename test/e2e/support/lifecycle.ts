import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PulumiProject } from "./pulumi-project.ts";
import { baseImage, startTestService, type TestService } from "./service.ts";

/** Which shell a lifecycle is played in. */
export interface LifecycleShell {
  /** For the names of the tests. */
  name: string;
  /** What the program imports. */
  module: "pulumi-nullspace" | "pulumi-nullspace/native";
  /** Gives the project its plugin, where that is not the one of the package. */
  installPlugin?: (project: PulumiProject) => Promise<void>;
  /** Starts the service that it is played against. Default: one on Docker Engine. */
  startService?: () => Promise<TestService>;
}

function program(module: string): string {
  return `
"use strict";
const nullspace = require(${JSON.stringify(module)});
const web = new nullspace.Template("web", {
  name: "e2e-web",
  context: "./app",
  buildArgs: { BASE_IMAGE: process.env.NULLSPACE_BASE_IMAGE },
  buildSecrets: { token: "hunter2-build-secret" },
  startCmd: "httpd -f -p 8080 -h /srv/www",
  readiness: { kind: "http", port: 8080, path: "/" },
  vcpus: 1,
  memoryMib: 128,
});
const stable = new nullspace.TemplateTag("stable", { template: web.canonicalRef, tag: "stable", buildId: web.buildId });
const alias = new nullspace.TemplateAlias("site", { template: web.canonicalRef, alias: "e2e-site" });
const pool = new nullspace.WarmPool("pool", {
  name: "e2e", template: stable.ref, versionPolicy: "track_tag", buildId: stable.buildId, minReady: 1, maxReady: 2, vcpus: 1, memoryMib: 128,
});
module.exports = { buildId: web.buildId, hash: web.contextHash, ref: stable.ref, poolId: pool.id };
`;
}

const app = {
  "app/Dockerfile": [
    "ARG BASE_IMAGE",
    "FROM ${BASE_IMAGE}",
    "COPY www/ /srv/www/",
    "RUN --mount=type=secret,id=token test -s /run/secrets/token",
    "",
  ].join("\n"),
  "app/.dockerignore": "*.log\n",
  "app/www/index.html": "<h1>first</h1>\n",
  "app/noise.log": "ignored\n",
};

/** The whole life of a stack under the real Pulumi CLI: preview, up, no change, refresh, a changed file, destroy. */
export function describeLifecycle({
  name,
  module,
  installPlugin,
  startService = startTestService,
}: LifecycleShell): void {
  describe(`the ${name} under the real Pulumi CLI`, () => {
    let service: TestService;
    let project: PulumiProject;
    let first: Record<string, unknown>;

    const buildCount = async (): Promise<number> => (await service.client.builds.list("local/e2e-web")).builds.length;

    beforeAll(async () => {
      baseImage();
      service = await startService();
      const plugin = installPlugin === undefined ? "packaged" : "none";
      project = new PulumiProject({ program: program(module), files: app, env: service.env, plugin });
      await installPlugin?.(project);
      await project.ok("stack", "init", "dev");
    });

    afterAll(async () => {
      project?.dispose();
      await service?.[Symbol.asyncDispose]();
    });

    it("previews four creations and builds nothing", async () => {
      const preview = await project.ok("preview", "--diff");
      expect(preview.text).toMatch(/\+ 5 to create/);
      expect(preview.text).toContain("h1:");
      expect(await service.client.templates.list()).not.toContainEqual(expect.objectContaining({ name: "e2e-web" }));
    });

    it("builds, tags, aliases and pools", async () => {
      await project.ok("up", "--yes", "--skip-preview");
      first = await project.outputs();
      expect(first).toMatchObject({ ref: "local/e2e-web:stable", hash: expect.stringMatching(/^h1:[0-9a-f]{64}$/) });
      const tags = await service.client.templates.listTags("local/e2e-web");
      expect(tags.find((tag) => tag.tag === "stable")?.build_id).toBe(first.buildId);
      expect(await service.client.templates.listAliases("local/e2e-web")).toMatchObject([
        { alias_ref: "local/e2e-site" },
      ]);
      expect((await service.client.warmPools.get(first.poolId as string)).status).toMatchObject({ ready: 1 });
    });

    it("keeps no secret in clear in the state", async () => {
      const exported = (await project.ok("stack", "export")).stdout;
      expect(exported).not.toContain("hunter2-build-secret");
      expect(exported).not.toContain(service.env.NULLSPACE_API_KEY);
      expect(exported).toContain("contextHash");
    });

    it("has nothing to do when nothing changed, and builds nothing", async () => {
      const before = await buildCount();
      // What is ignored may change.
      project.write("app/noise.log", "ignored, and changed\n");
      const up = await project.ok("up", "--yes", "--skip-preview");
      expect(up.text).toMatch(/5 unchanged/);
      expect(up.text).not.toMatch(/updated|replaced|created/);
      expect(await buildCount()).toBe(before);
    });

    it("refreshes without a difference", async () => {
      const refresh = await project.ok("refresh", "--yes", "--skip-preview");
      expect(refresh.text).toMatch(/5 unchanged/);
      expect((await project.ok("up", "--yes", "--skip-preview")).text).toMatch(/5 unchanged/);
    });

    it("names the changed file in the preview", async () => {
      project.write("app/www/index.html", "<h1>second</h1>\n");
      const preview = await project.ok("preview", "--diff");
      expect(preview.text).toMatch(/~ www\/index\.html/);
      expect(preview.text).not.toMatch(/Dockerfile|noise\.log/);
      expect(preview.text).toMatch(/~ contextHash/);
      // What will be built, in a line: from which instruction on.
      expect(preview.text).toMatch(
        /a new build, because of files ~ www\/index\.html; from line 3 \(COPY www\/ \/srv\/www\/\) on, nothing comes from the cache/,
      );
    });

    it("builds the change once, moves the tag and rolls the pool", async () => {
      const before = await buildCount();
      await project.ok("up", "--yes", "--skip-preview");
      const second = await project.outputs();
      expect(second.buildId).not.toBe(first.buildId);
      expect(second.poolId).toBe(first.poolId);
      expect(await buildCount()).toBe(before + 1);
      const tags = await service.client.templates.listTags("local/e2e-web");
      expect(tags.find((tag) => tag.tag === "stable")?.build_id).toBe(second.buildId);
      const pool = await service.client.warmPools.get(first.poolId as string);
      expect(pool.resolved_template_build_id).toBe(second.buildId);
      const machine = await service.client.machines.create({
        template: "local/e2e-web:stable",
        vcpus: 1,
        memory_mb: 128,
        warm_pool: { id: first.poolId as string, mode: "require", wait_ms: 20_000 },
      });
      const page = await service.client.machines.exec(machine.id, {
        command: "wget -q -O - http://127.0.0.1:8080/",
        shell: true,
        background: false,
      });
      expect(page).toMatchObject({ exit_code: 0, stdout: "<h1>second</h1>\n" });
      await service.client.machines.delete(machine.id);
    });

    // A dynamic provider has no resource types that `pulumi import` could name.
    if (module === "pulumi-nullspace/native") {
      it("imports what it made into another stack, which then has nothing to build", async () => {
        const before = await buildCount();
        await project.ok("stack", "init", "other");
        const ids = { Template: ["web", "local/e2e-web"], WarmPool: ["pool", first.poolId as string] };
        for (const [type, [resource = "", id = ""]] of Object.entries(ids)) {
          const what = [`nullspace:index:${type}`, resource, id];
          await project.ok("import", ...what, "--yes", "--skip-preview", "--generate-code=false");
        }
        const imported = await project.resource("Template");
        expect(imported.outputs).toMatchObject({ canonicalRef: "local/e2e-web" });
        const preview = await project.ok("preview");
        expect(preview.text).toMatch(/\+ 2 to create/);
        expect(preview.text).not.toMatch(/a new build|replace/);
        expect(await buildCount()).toBe(before);
        await project.ok("stack", "rm", "other", "--yes", "--force");
        await project.ok("stack", "select", "dev");
      });
    }

    it("destroys all of it", async () => {
      await project.ok("destroy", "--yes", "--skip-preview");
      expect(await project.resources()).toEqual([]);
      expect(await service.client.templates.exists("local/e2e-web")).toBe(false);
      expect((await service.client.warmPools.get(first.poolId as string)).state).toBe("deleted");
    });

    if (module === "pulumi-nullspace") {
      it("stores a provider text under 1 kB", async () => {
        await project.ok("up", "--yes", "--skip-preview", "--target", "**Template::web");
        const { inputs } = await project.resource("Template");
        expect(String(inputs.__provider).length).toBeLessThan(1000);
        await project.ok("destroy", "--yes", "--skip-preview");
      });
    }
  });
}
