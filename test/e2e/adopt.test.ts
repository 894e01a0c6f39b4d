import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runToEnd } from "../../scripts/quickstart/command.ts";
import type { CreateTemplateRequest } from "../../sdk/wire/index.ts";
import { PulumiProject, repo } from "./support/pulumi-project.ts";
import { baseImage, startTestService, type TestService } from "./support/service.ts";

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    noUnusedLocals: true,
    target: "es2020",
    module: "commonjs",
    moduleResolution: "node",
    skipLibCheck: true,
  },
  files: ["index.ts"],
};
/** A name that a program must quote. */
const ODD = 'crew "${1}" `x`\n*/ // \u2028\u202e\'\\';

describe("adopt, at a service with things that no stack has made", () => {
  let service: TestService;
  let project: PulumiProject;
  const dockerfile = `FROM ${baseImage()}\nRUN echo hello > /hello\n`;

  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
  });
  afterEach(() => project?.dispose());

  /** A project whose program is TypeScript, as `pulumi new` makes it. */
  function typescriptProject(files: Record<string, string> = {}): PulumiProject {
    const made = new PulumiProject({
      program: "",
      files: {
        "package.json": JSON.stringify({ name: "e2e", private: true, main: "index.ts" }),
        "tsconfig.json": JSON.stringify(TSCONFIG),
        ...files,
      },
      env: service.env,
    });
    rmSync(join(made.dir, "program", "index.js"));
    return made;
  }

  async function adopt(...args: string[]) {
    const command = ["--conditions=nullspace-source", join(repo, "bin", "pulumi-nullspace.ts"), "adopt", ...args];
    const result = await runToEnd(process.execPath, command, {
      cwd: join(project.dir, "program"),
      env: { ...project.env, ...service.env },
    });
    return { ...result, text: result.stdout + result.stderr };
  }

  const programText = () => readFileSync(join(project.dir, "program", "index.ts"), "utf8");

  async function build(request: CreateTemplateRequest): Promise<string> {
    const { build_id } = await service.client.builds.start({
      build_config: { vcpus: 1, memory_mib: 64 },
      ...request,
    });
    const ended = await service.client.builds.waitUntilTerminal(build_id);
    if (request.name !== "broken") expect(ended.build.error ?? "").toBe("");
    return build_id;
  }

  const tagsOf = async (name: string) =>
    Object.fromEntries((await service.client.templates.listTags(name)).map(({ tag, build_id }) => [tag, build_id]));

  it("writes a program that an import leaves nothing to do for, and that up and destroy then manage", async () => {
    const { templates, warmPools } = service.client;
    // Renamed: the old name is an alias.
    const first = await build({ name: "site", dockerfile, tags: ["default", "v1"] });
    await templates.rename("site", "web");
    const second = await build({
      name: "web",
      dockerfile: `${dockerfile}RUN echo more\n`,
      tags: ["default", "latest", "stable", "v2.0"],
      start_cmd: 'sleep 99 && echo "${HOME}" `x`',
      runtime_config: {
        default_user: "nobody",
        default_envs: { A: "1", __proto__x: "2" },
        readiness: { kind: "timeout", timeout_ms: 5 },
      },
    });
    await templates.setVisibility("web", "public");
    // Its name is a word of the language; it is made of steps.
    await build({ name: "class", base_image: baseImage(), steps: [{ action: "run", command: "echo 1 > /one" }] });
    // Names that become the same constant, and begin with digits.
    await build({ name: "1-b.c", dockerfile, tags: ["nightly"] });
    await build({ name: "1_b-c", base_image: "local/web:stable" });
    await build({ name: "broken", dockerfile: `${dockerfile}RUN false\n` });
    const size = { vcpus: 1, memory_mb: 64 };
    const pool = { min_ready: 0, max_ready: 1, resources: size };
    await warmPools.create({ ...pool, name: "follows", template_ref: "local/web:stable", version_policy: "track_tag" });
    await warmPools.create({
      ...pool,
      name: ODD,
      template_ref: `web:${first}`,
      labels: { [ODD]: ODD },
      metadata: { [ODD]: [1, null, { [ODD]: true }] },
      checkout_policy: "require",
      idle_timeout_seconds: 60,
    });
    await warmPools.create({ ...pool, name: "by-alias", template_ref: "site" });
    const off = await warmPools.create({ ...pool, name: "off", template_ref: "web", max_ready: 2 });
    await warmPools.disable(off.id);

    project = typescriptProject();
    await project.ok("stack", "init", "dev");
    const written = await adopt("*", "broken");
    expect(written.exitCode, written.text).toBe(0);
    const json = JSON.parse(readFileSync(join(project.dir, "program", "adopt.json"), "utf8")) as {
      resources: object[];
    };
    expect(json.resources).toHaveLength(13);
    expect(programText()).toContain(first);
    expect(programText()).toContain(`buildId: "${second}"`);

    const again = await adopt();
    expect(again.exitCode).toBe(2);
    expect(again.text).toContain("files_exist");

    await project.ok("import", "--file", "adopt.json", "--yes", "--generate-code=false", "--protect=false");
    await project.ok("preview", "--expect-no-changes", "--diff");
    const up = await project.ok("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes");
    expect(up.text).toMatch(/14 unchanged/);

    // `contextHash` holds the place of the files: nothing is built by mistake.
    project.write("index.ts", programText().replace("vcpus: 1", "vcpus: 2"));
    expect((await project.run("up", "--yes", "--skip-preview")).exitCode).not.toBe(0);
    expect((await service.client.builds.list("local/1-b.c")).builds).toHaveLength(1);
    // The files in its place are those of the live build; from then on they count.
    project.write("1-b.c/Dockerfile", dockerfile);
    project.write(
      "index.ts",
      programText()
        .replace("vcpus: 2", "vcpus: 1")
        .replace(/ {2}contextHash: .*\n/, ""),
    );
    await project.ok("up", "--yes", "--skip-preview", "--expect-no-changes");
    project.write("1-b.c/Dockerfile", `${dockerfile}RUN echo more\n`);
    expect((await project.ok("up", "--yes", "--skip-preview")).text).toMatch(/1 updated/);
    const [newest] = (await service.client.builds.list("local/1-b.c")).builds;
    expect((await tagsOf("1-b.c")).nightly).toBe(newest?.build_id);

    await project.ok("destroy", "--yes", "--skip-preview");
    expect((await templates.list()).filter(({ builtin }) => !builtin)).toEqual([]);
    expect((await warmPools.list()).filter(({ state }) => state !== "deleted")).toEqual([]);
    expect((await adopt("--out", "nothing", "--json")).stdout).toBe('{"resources":[],"files":[]}\n');
  });

  it("writes a program of dynamic resources, which takes over what is there", async () => {
    const { templates, warmPools } = service.client;
    const made = await build({ name: "old", dockerfile, tags: ["default", "stable"] });
    await templates.rename("old", "taken");
    await build({ name: "left", dockerfile });
    const { id } = await warmPools.create({
      name: "taken",
      template_ref: "taken:stable",
      min_ready: 0,
      max_ready: 1,
      resources: { vcpus: 1, memory_mb: 64 },
    });
    project = typescriptProject({ "taken/Dockerfile": dockerfile });
    await project.ok("stack", "init", "dev");
    const written = await adopt("t*", "--shell", "dynamic", "--json");
    expect(JSON.parse(written.stdout)).toEqual({
      resources: [
        { type: "Template", name: "taken", id: "local/taken" },
        { type: "TemplateTag", name: "taken-stable", id: "local/taken:stable" },
        { type: "TemplateAlias", name: "taken-old", id: "local/old" },
        { type: "WarmPool", name: "taken-pool", id },
      ],
      files: ["index.ts"],
    });
    await project.ok("up", "--yes", "--skip-preview");
    const tags = await tagsOf("taken");
    expect(tags.stable).toBe(made);
    expect(tags.default).not.toBe(made);
    expect((await project.ok("up", "--yes", "--skip-preview")).text).toMatch(/5 unchanged/);
    // It says whose things are.
    expect((await adopt("taken", "--out", "again", "--json")).stdout).toContain('"owned":true');
    await project.ok("destroy", "--yes", "--skip-preview");
    expect((await warmPools.get(id)).state).toBe("deleted");
    expect((await templates.list()).filter(({ builtin }) => !builtin).map(({ name }) => name)).toEqual(["left"]);
    await templates.delete("left");
  });

  it("makes a program of an e2b.toml and of a Dockerfile alone, which up then builds", async () => {
    const toml = `# a template of E2B
template_id = "1wdqsf9le9gk21ztb4mo"
template_name = "Web Site"
dockerfile = "e2b.Dockerfile"
start_cmd = "httpd -f -p 8080 -h /srv/www"
ready_cmd = "wget -q -O /dev/null http://127.0.0.1:8080/"
cpu_count = 1
memory_mb = 128
team_id = "460355b3-4f64-48f9-9a16-4442817f79f5"
`;
    project = typescriptProject({
      "e2b/e2b.toml": toml,
      "e2b/e2b.Dockerfile": `FROM ${baseImage()}\nCOPY www /srv/www\n`,
      "e2b/www/index.html": "hello",
      "other-one/Dockerfile": `${dockerfile}CMD ["sleep", "60"]\nEXPOSE 8080\n`,
    });
    await project.ok("stack", "init", "dev");
    expect((await adopt("--from", "e2b/e2b.toml", "--from", "other-one")).text).toContain("index.ts");
    await project.ok("up", "--yes", "--skip-preview");
    const site = await service.client.templates.get("local/web-site");
    expect(site.runtime_defaults).toMatchObject({
      start_cmd: "httpd -f -p 8080 -h /srv/www",
      readiness: { kind: "command", command: "wget -q -O /dev/null http://127.0.0.1:8080/" },
    });
    const [built] = (await service.client.builds.list("local/web-site")).builds;
    expect(built?.build_config).toMatchObject({ vcpus: 1, memory_mib: 128 });
    expect((await service.client.templates.get("local/other-one")).runtime_defaults).not.toHaveProperty("start_cmd");
    await project.ok("preview", "--expect-no-changes");
    await project.ok("destroy", "--yes", "--skip-preview");
  });
});
