import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { findCommand } from "../../scripts/setup/platform.mjs";
import { repo } from "../e2e/support/pulumi-project.ts";
import { madeSdks, SDKS } from "./support/made-sdks.ts";

const schema = JSON.parse(readFileSync(join(repo, "schema.json"), "utf8")) as {
  version: string;
  pluginDownloadURL: string;
  resources: Record<string, object>;
  functions: Record<string, object>;
};
const last = (token: string): string => token.slice(token.lastIndexOf(":") + 1);
const resources = Object.keys(schema.resources).map(last);
const functions = Object.keys(schema.functions).map(last);
const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What an archive has in it, by the tool that reads archives of its kind. */
const listed = (path: string): string[] =>
  (path.endsWith("gz") ? execFileSync("tar", ["-tzf", path]) : execFileSync("python3", ["-m", "zipfile", "-l", path]))
    .toString()
    .split("\n");

describe("the SDKs that are made from the schema", () => {
  beforeAll(madeSdks);

  it("are packed in every language whose tools are there", () => {
    const made = readdirSync(join(SDKS, "packages")).sort();
    const { version } = schema;
    expect(made).toEqual(
      expect.arrayContaining([
        `nullspace-pulumi-${version}.tgz`,
        `pulumi_nullspace-${version}-py3-none-any.whl`,
        `pulumi_nullspace-${version}.tar.gz`,
      ]),
    );
    expect(existsSync(join(SDKS, "go", "go.sum"))).toBe(true);
    const isJava = findCommand("mvn", process.env) !== undefined;
    expect(made.filter((name) => name === `nullspace-${version}.jar`)).toHaveLength(isJava ? 1 : 0);
    const isDotnet = findCommand("dotnet", process.env) !== undefined;
    expect(made.filter((name) => name === `Pulumi.Nullspace.${version}.nupkg`)).toHaveLength(isDotnet ? 1 : 0);
  });

  it("name the plugin, its version and where it is downloaded from", () => {
    const facts = globSync(["**/pulumi-plugin.json", "java/src/main/resources/**/plugin.json"], {
      cwd: SDKS,
      exclude: ["**/bin/**", "**/build/**", "**/target/**"],
    });
    expect(facts.length).toBeGreaterThanOrEqual(3);
    for (const path of facts) {
      expect(JSON.parse(readFileSync(join(SDKS, path), "utf8"))).toMatchObject({
        name: "nullspace",
        version: schema.version,
        server: schema.pluginDownloadURL,
      });
    }
    const { pulumi } = JSON.parse(readFileSync(join(SDKS, "nodejs/package.json"), "utf8")) as { pulumi: object };
    expect(pulumi).toMatchObject({ name: "nullspace", version: schema.version, server: schema.pluginDownloadURL });
  });

  it("hold everything of the package, for Node", () => {
    const text = `console.log(JSON.stringify(Object.keys(require(${JSON.stringify(join(SDKS, "nodejs/bin"))}))))`;
    const options = { cwd: repo, encoding: "utf8" } as const;
    const names = JSON.parse(
      execFileSync(process.execPath, ["--input-type=commonjs", "-e", text], options),
    ) as string[];
    expect(names).toEqual(expect.arrayContaining([...resources, ...functions, "Provider", "StepKind"]));
    const files = listed(join(SDKS, "packages", `nullspace-pulumi-${schema.version}.tgz`));
    expect(files).toEqual(expect.arrayContaining(["package/index.js", "package/index.d.ts", "package/LICENSE"]));
  });

  it("hold everything of the package, for Python", () => {
    const python = join(process.env["NULLSPACE_PULUMI_PYTHON"]!, "bin", "python");
    const wheel = join(SDKS, "packages", `pulumi_nullspace-${schema.version}-py3-none-any.whl`);
    const text =
      "import json, pulumi_nullspace as n, pulumi_nullspace.config as c; c.api_url; print(json.dumps(dir(n)))";
    const names = JSON.parse(
      execFileSync(python, ["-c", text], { env: { ...process.env, PYTHONPATH: wheel }, encoding: "utf8" }),
    ) as string[];
    expect(names).toEqual(expect.arrayContaining([...resources, ...functions.map(snakeCase), "Provider", "StepArgs"]));
    expect(listed(wheel).join("\n")).toMatch(/pulumi_nullspace\/py\.typed/);
  });
});
