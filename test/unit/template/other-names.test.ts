import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { Template } from "../../../sdk/client/index.ts";
import { createRequest } from "../../../sdk/template/index.ts";

it("other names of steps and bases do the same", () => {
  const base = Template.fromImage("a");
  expect(base.workdir("/w").toJSON()).toEqual(base.setWorkdir("/w").toJSON());
  expect(base.run("x", { user: "u" }).toJSON()).toEqual(base.runCmd("x", { user: "u" }).toJSON());
  expect(base.env({ A: "1" }).toJSON()).toEqual(base.setRuntimeEnvs({ A: "1" }).toJSON());
  expect(base.run("x").forceBuild().toJSON()).toEqual(base.run("x").skipCache().toJSON());
  expect(Template.fromName("acme/web:v1").toJSON()).toEqual(Template.fromTemplate("acme/web:v1").toJSON());
});

it("a file context that is set later replaces the root and the patterns", () => {
  const folders = ["one", "two"].map((name) => {
    const folder = mkdtempSync(join(tmpdir(), `context-${name}-`));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const file of ["a.txt", "b.log"]) writeFileSync(join(folder, file), name);
    return folder;
  });
  const first = Template.fromImage("a", { fileContextPath: folders[0]!, fileIgnorePatterns: ["*.txt"] });
  const builder = first.setFileContext(folders[1]!, { ignorePatterns: ["*.log"] }).copy("a.txt", "/");
  const [file] = builder.toJSON().build_context?.files ?? [];
  expect(Buffer.from(file?.content_base64 ?? "", "base64").toString()).toBe("two");
  expect(() =>
    first
      .setFileContext(folders[1]!, { ignorePatterns: ["*.log"] })
      .copy("b.log", "/")
      .toJSON(),
  ).toThrow("is ignored");
});

it("the token of a reserved name travels with the build", () => {
  const { definition } = Template.fromImage("a");
  expect(createRequest(definition, { name: "web", claimToken: "claim_1" }, "outline")).toMatchObject({
    name: "web",
    claim_token: "claim_1",
  });
});
