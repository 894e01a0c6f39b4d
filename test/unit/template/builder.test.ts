import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Template } from "../../../sdk/client/objects/index.ts";
import {
  ContextSourceError,
  hashFiles,
  TemplateArgumentError,
  waitForPort,
  waitForProcess,
  waitForTimeout,
  waitForUrl,
  type CopyItemArgument,
} from "../../../sdk/template/index.ts";
import { CreateTemplateRequest } from "../../../sdk/wire/index.ts";

const alpine = Template.fromImage("alpine");

describe("a builder", () => {
  it("is never changed by a call on it", () => {
    const common = alpine.aptInstall("git").setBuildEnvs({ A: "1" });
    const before = JSON.stringify(common);
    const web = common.copy(".", "/app").setBuildEnvs({ A: "2" }).setUser("web").addBuildSecret("s", "secret");
    const job = common.run("make");
    expect(JSON.stringify(common)).toBe(before);
    expect(web.definition.steps).toHaveLength(3);
    expect(job.definition.steps).toHaveLength(2);
  });

  it("makes requests that the wire schema takes", () => {
    const request = alpine
      .aptInstall("git")
      .setStartCmd("serve", waitForPort(80))
      .setWorkdir("/w")
      .toJSON({ name: "web" });
    expect(CreateTemplateRequest.safeParse(request).error).toBeUndefined();
  });

  it("becomes its request in JSON.stringify", () => {
    expect(JSON.parse(JSON.stringify({ template: alpine.run("true") }))).toEqual({
      template: { base_image: "alpine", steps: [{ action: "run", command: "true" }] },
    });
  });

  it("remembers the line of the program that added each step", () => {
    const [first, second] = alpine.run("one").copyItems([["a", "b"]]).definition.steps;
    expect(first?.addedAt).toMatch(/builder\.test\.ts:\d+:\d+$/);
    expect(first?.addedAt).toMatch(/^\//);
    const line = (place?: string): number => Number(place?.split(":").at(-2));
    const steps = alpine
      .run("one")
      // A line of its own.
      .run("two").definition.steps;
    expect(line(steps[1]?.addedAt)).toBe(line(steps[0]?.addedAt) + 2);
    expect(line(second?.addedAt)).toBe(line(first?.addedAt));
    expect(Template.fromRegistry("a", { addPython: "3" }).definition.steps[0]?.addedAt).toMatch(/builder\.test\.ts/);
  });

  it("does not show its secrets when it is inspected", () => {
    const secretive = Template.fromImage("a", { username: "u", password: "hunter22" }).addBuildSecret("s", "s3cr3t");
    expect(inspect(secretive, { depth: 10, showHidden: true })).not.toMatch(/hunter22|s3cr3t/);
  });

  it("takes credentials back when they are set to none", () => {
    const basic = alpine.setBaseImageAuth({ username: "u", password: "p" });
    expect(basic.toJSON().base_image_auth).toEqual({ kind: "basic", username: "u", password: "p" });
    expect(basic.setBaseImageAuth({}).toJSON().base_image_auth).toBeUndefined();
  });
});

describe("wrong use fails at the call, naming the argument:", () => {
  const dockerfile = Template.fromDockerfileContent("FROM a");
  it.each<[string, () => unknown, string]>([
    ["an empty image", () => Template.fromImage(" "), "fromImage: image"],
    ["half of a login", () => Template.fromImage("a", { username: "u" }), "fromImage: password"],
    ["a blank password", () => alpine.setBaseImageAuth({ username: "u", password: " " }), "setBaseImageAuth: password"],
    [
      "a login for no image",
      () => Template.fromBaseImage(undefined, { username: "u", password: "p" }),
      "fromBaseImage: image",
    ],
    [
      "a login for the default image",
      () => Template.fromBaseImage().setBaseImageAuth({ username: "u", password: "p" }),
      "setBaseImageAuth",
    ],
    [
      "a login for a template",
      () => Template.fromTemplate("base").setAwsRegistryAuth({ accessKeyId: "a", secretAccessKey: "b", region: "c" }),
      "setAwsRegistryAuth",
    ],
    [
      "a blank AWS field",
      () => alpine.setAwsRegistryAuth({ accessKeyId: "a", secretAccessKey: "", region: "c" }),
      "setAwsRegistryAuth: secretAccessKey",
    ],
    [
      "an empty service account",
      () => alpine.setGcpRegistryAuth({ serviceAccountJson: {} }),
      "setGcpRegistryAuth: serviceAccountJson",
    ],
    [
      "a service account that is not there",
      () => alpine.setGcpRegistryAuth({ serviceAccountJson: "/nonexistent" }),
      "setGcpRegistryAuth: serviceAccountJson",
    ],
    ["patterns without a folder", () => Template.fromImage("a", { fileIgnorePatterns: ["x"] }), "fileIgnorePatterns"],
    ["a base template with two slashes", () => Template.fromTemplate("a/b/c"), "fromTemplate: ref"],
    ["a built-in template without a tag", () => Template.fromTemplate("nullspace/base"), "fromTemplate: ref"],
    ["a namespace that is none", () => Template.fromTemplate("Acme_1/web"), "fromTemplate: ref"],
    [
      "a Dockerfile that is not there",
      () => Template.fromDockerfile("/nonexistent/Dockerfile"),
      "fromDockerfile: path",
    ],
    ["a step on a Dockerfile", () => dockerfile.aptInstall("git"), "apt_install"],
    ["a command on a Dockerfile", () => dockerfile.run("make"), "run"],
    ["a package with a space", () => alpine.aptInstall(["git", " curl"]), "aptInstall: packages[1]"],
    ["a package that is no text", () => alpine.pipInstall([5 as unknown as string]), "pipInstall: packages[0]"],
    ["packages that are no list", () => alpine.npmInstall(5 as unknown as string), "npmInstall: packages"],
    ["no command", () => alpine.run([]), "run: command"],
    ["an empty command", () => alpine.runCmd(["true", ""]), "runCmd: command[1]"],
    ["no source", () => alpine.copy([], "/x"), "copy: src"],
    ["an empty source", () => alpine.copy(["a", " "], "/x"), "copy: src[1]"],
    ["no destination", () => alpine.copy("a", ""), "copy: dst"],
    ["a mode that is none", () => alpine.copy("a", "b", { mode: "rwx" }), "copy: mode"],
    ["a mode that is too large", () => alpine.makeDir("/a", { mode: 0o10000 }), "makeDir: mode"],
    ["no items", () => alpine.copyItems([]), "copyItems: items"],
    ["an item without a source", () => alpine.copyItems([{ dst: "/x" } as never]), "copyItems: items[0]: src"],
    ["an item that is none", () => alpine.copyItems([null as never]), "copyItems: items[0]"],
    ["items that are no list", () => alpine.copyItems("a" as never), "copyItems: items"],
    ["no source at all", () => alpine.copy(undefined as never, "/x"), "copy: src"],
    [
      "an item without a destination",
      () => alpine.copyItems([{ src: "a" } as unknown as CopyItemArgument]),
      "copyItems: items[0]: dst",
    ],
    ["a depth of nothing", () => alpine.gitClone("u", "/p", { depth: 0 }), "gitClone: options.depth"],
    ["a variable with an equals sign", () => alpine.setBuildEnvs({ "A=B": "1" }), "setBuildEnvs: envs"],
    [
      "a variable that is no text",
      () => alpine.setRuntimeEnvs({ A: 1 as unknown as string }),
      "setRuntimeEnvs: envs.A",
    ],
    ["an empty start command", () => alpine.setStartCmd(""), "setStartCmd: command"],
    ["an empty readiness command", () => alpine.setReadyCmd(" "), "setReadyCmd: readiness"],
    ["a secret id with a space", () => alpine.addBuildSecret("a b", "v"), "addBuildSecret: id"],
    ["a secret given twice", () => alpine.addBuildSecret("a", "v").addBuildSecret("a", "w"), "addBuildSecret: id"],
    [
      "a secret of a variable that is not set",
      () => alpine.addBuildSecretEnv("NULLSPACE_TEST_UNSET"),
      "addBuildSecretEnv: variable",
    ],
    [
      "a secret of a file that is not there",
      () => alpine.addBuildSecretFile("a", "/nonexistent"),
      "addBuildSecretFile: path",
    ],
    ["a port that is none", () => waitForPort(0), "waitForPort.port"],
    ["a process without a name", () => waitForProcess(""), "waitForProcess: name"],
    ["a negative while", () => waitForTimeout(-1), "waitForTimeout.timeout_ms"],
    ["a URL elsewhere", () => waitForUrl("http://example.com:80/"), "waitForUrl: url"],
    ["a URL with TLS", () => waitForUrl("https://localhost:80/"), "waitForUrl: url"],
    ["a URL without a port", () => waitForUrl("http://localhost/"), "waitForUrl: url"],
    ["a URL with a query", () => waitForUrl("http://localhost:80/?a"), "waitForUrl: url"],
    ["a URL with a login", () => waitForUrl("http://u:p@localhost:80/"), "waitForUrl: url"],
    ["native for a Dockerfile", () => dockerfile.toJSON({ buildBackend: "native" }), "buildBackend"],
    ["no tags", () => alpine.toJSON({ tags: [] }), "tags"],
    ["half a CPU", () => alpine.toJSON({ vcpus: 0.5 }), "toJSON: options.vcpus"],
  ])("%s", (_name, act, argument) => {
    expect(act).toThrow(TemplateArgumentError);
    expect(act).toThrow(expect.objectContaining({ argument, code: "invalid_request" }));
    expect(act).toThrow(`${argument}: `);
  });
});

describe("a name for a build", () => {
  it.each([
    ["", "is empty"],
    ["acme/web", "has a namespace"],
    ["tmpl_1", "is an artifact"],
    ["web:", "must be name or name:tag"],
    ["web:tb_1", "names a build that exists"],
  ])("%j is refused", async (name, text) => {
    await expect(Template.inspectBuildContext(alpine, name)).rejects.toThrow(text);
  });

  it("is given once", async () => {
    await expect(Template.inspectBuildContext(alpine, "web", { name: "web" })).rejects.toThrow("use one of them");
    await expect(Template.inspectBuildContext(alpine, "web:v1", { tags: ["v1"] })).rejects.toThrow("use one of them");
    const { request } = await Template.inspectBuildContext(alpine, " web:v1 ");
    expect(request).toMatchObject({ name: "web", tags: ["v1"] });
  });
});

describe("files to copy", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "builder-"));
    mkdirSync(join(dir, "src"));
    writeFileSync(join(dir, "src/a.txt"), "a");
    writeFileSync(join(dir, "fi le.txt"), "f");
    writeFileSync(join(dir, ".dockerignore"), "*.log\n");
    writeFileSync(join(dir, "x.log"), "log");
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const copied = (source: string) => Template.fromImage("a", { fileContextPath: dir }).copy(source, "/x/");

  it.each([
    ["missing", "source_not_found", "there is no such file"],
    ["x.log", "source_ignored", "is ignored by the file context's rules"],
  ])("that are %s are an error that names them", (source, code, text) => {
    const act = () => copied(source).toJSON();
    expect(act).toThrow(ContextSourceError);
    expect(act).toThrow(expect.objectContaining({ code, path: join(dir, source) }));
    expect(act).toThrow(text);
  });

  it("that are links are an error that says what to do, unless they are ignored", () => {
    symlinkSync("a.txt", join(dir, "src/link"));
    expect(() => copied("src").toJSON()).toThrow("is a symbolic link");
    expect(() => copied("src/link").toJSON()).toThrow("is a symbolic link");
    writeFileSync(join(dir, ".dockerignore"), "link\n");
    expect(
      copied("src")
        .toJSON()
        .build_context?.files.map(({ path }) => path),
    ).toEqual(["builder-context/step-0/src-0/src", "builder-context/step-0/src-0/src/a.txt"]);
  });

  it("keep their names, spaces included", () => {
    const request = copied("fi le.txt").toJSON();
    expect(request.steps).toMatchObject([{ sources: ["builder-context/step-0/src-0/fi le.txt"] }]);
    expect(CreateTemplateRequest.safeParse(request).success).toBe(true);
  });

  it("are listed by an inspection, with what stays behind and what should", async () => {
    writeFileSync(join(dir, "src/id_rsa"), "key");
    mkdirSync(join(dir, "node_modules"));
    symlinkSync("a.txt", join(dir, "src/link"));
    const { request, context } = await Template.inspectBuildContext(copied("."), "web");
    expect(context).toMatchObject({
      fileCount: 4,
      ignoredCount: 1,
      unsupportedCount: 1,
      totalBytes: 11,
      warnings: [{ reason: "likely_accidental_include" }, { reason: "likely_secret_file" }],
    });
    expect(context.unsupportedEntries[0]).toMatchObject({ type: "symlink", path: expect.stringMatching(/src\/link$/) });
    expect(context.largestFiles[0]?.sizeBytes).toBe(6);
    expect(JSON.stringify(request)).not.toContain("content_base64");
  });
});

describe("hashing", () => {
  it("gives the digests of small and large files in order, and stops at a signal", async () => {
    const dir = mkdtempSync(join(tmpdir(), "hash-"));
    try {
      const contents = [Buffer.alloc(0), Buffer.from("a"), Buffer.alloc(1024 * 1024 + 1, "b")];
      const files = contents.map((content, index) => {
        writeFileSync(join(dir, `f${index}`), content);
        return { fsPath: join(dir, `f${index}`), sizeBytes: content.length };
      });
      const expected = contents.map((content) => createHash("sha256").update(content).digest("hex"));
      expect(await hashFiles(files)).toEqual(expected);
      const reason = new Error("enough");
      await expect(hashFiles(files, AbortSignal.abort(reason))).rejects.toBe(reason);
      const missing = hashFiles([{ fsPath: join(dir, "none"), sizeBytes: 1 }]);
      await expect(missing).rejects.toMatchObject({
        code: "source_unreadable",
        message: expect.stringContaining("none"),
      });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
