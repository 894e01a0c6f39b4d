import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { stringify } from "smol-toml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { planFiles, readSourceFile, renderProgram } from "../../../provider/adopt/index.ts";
import { readDockerfileNeeds } from "../../../provider/adopt/files/dockerfile-needs.ts";
import { readE2bConfig } from "../../../provider/adopt/files/e2b-config.ts";
import { SourceFileError } from "../../../provider/errors.ts";
import { readProgram } from "./program-values.ts";

const DOCKERFILE = `ARG BASE=debian
FROM \${BASE} AS build
ARG VERSION
ARG TARGETARCH
ARG MODE=fast
RUN --mount=type=secret,id=npm_token,target=/run/token --mount=type=cache,target=/x npm ci
FROM debian
COPY --from=build /app /app
EXPOSE 53/udp
EXPOSE 8080 9090
ENTRYPOINT ["node", "it's.js"]
CMD ["--port", "8080"]
`;

describe("the program of files", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "nullspace-adopt-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function write(files: Record<string, string>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
  }
  const program = async (...paths: string[]) =>
    renderProgram(
      planFiles(
        await Promise.all(paths.map((path) => readSourceFile(join(folder, path)))),
        "plugin",
        join(folder, "infra"),
      ),
    );

  it("is this one for an e2b.toml and Dockerfiles", async () => {
    write({
      "web/e2b.toml": [
        'template_id = "1wdqsf9le9gk21ztb4mo"',
        'template_name = "Web Äpp"',
        'dockerfile = "docker/web.Dockerfile"',
        "start_cmd = '''node \"server\".js'''",
        "cpu_count = 4",
        "memory_mb = 1_024",
        "free_disk_space_mb = 0",
        "[other]",
        "x = 1979-05-27",
      ].join("\n"),
      "web/docker/web.Dockerfile": DOCKERFILE,
      "old/e2b.toml": 'id = "old-one"\nstart_cmd = "serve"\nready_cmd = "curl -f localhost"\n',
      "old/e2b.Dockerfile": "FROM debian\n",
      "infra/Dockerfile": "FROM debian\nRUN true\nCMD sleep 5\n",
      "plain/Dockerfile": DOCKERFILE,
    });
    const text = await program("web/e2b.toml", "old", "infra", "plain/Dockerfile");
    await expect(text).toMatchFileSnapshot("golden/files.ts.txt");
    expect(readProgram(text).map(({ name }) => name)).toEqual(["web-app", "old-one", "infra", "plain"]);
  });

  it("reads of a Dockerfile what the build and the machines need", () => {
    expect(readDockerfileNeeds(DOCKERFILE)).toEqual({
      args: ["VERSION"],
      secrets: ["npm_token"],
      command: "node 'it'\\''s.js' --port 8080",
      port: 8080,
    });
    expect(readDockerfileNeeds("not a Dockerfile\n\n")).toEqual({ args: [], secrets: [] });
  });

  it("holds every text of a file exactly, whatever is in it", async () => {
    write({ Dockerfile: "FROM debian\n" });
    // TOML holds whole characters.
    const text = fc.string({ unit: "binary", maxLength: 30 }).filter((one) => one.isWellFormed() && one.trim() !== "");
    await fc.assert(
      fc.asyncProperty(text, text, text, async (template_name, start_cmd, ready_cmd) => {
        write({ "e2b.toml": stringify({ template_name, dockerfile: "Dockerfile", start_cmd, ready_cmd }) });
        const [declared] = readProgram(await program("e2b.toml"));
        expect(declared?.inputs).toMatchObject({
          startCmd: start_cmd,
          readiness: { kind: "command", command: ready_cmd },
          context: "..",
        });
      }),
      { numRuns: 100 },
    );
  });

  it("says which file is wrong, and where", async () => {
    const failing = (text: string) => {
      try {
        return readE2bConfig(text, "e2b.toml");
      } catch (error) {
        expect(error).toBeInstanceOf(SourceFileError);
        return (error as SourceFileError).message;
      }
    };
    expect(failing('a = "\n')).toMatch(/^e2b.toml cannot be made into a program: line 1, column \d+: /);
    expect(failing('cpu_count = "two"')).toMatch(/cpu_count: .*expected number/);
    expect(failing("memory_mb = 0.5")).toMatch(/memory_mb: /);
    write({ "e2b.toml": 'template_id = "x"\ndockerfile = "gone"\n', "none/e2b.toml": "", "empty/x": "" });
    await expect(program("e2b.toml")).rejects.toThrow(/gone cannot be made into a program: there is no such file/);
    await expect(program("none")).rejects.toThrow(/names no dockerfile, and beside it there is no e2b.Dockerfile/);
    await expect(program("empty")).rejects.toThrow(/there is no e2b.toml, e2b.Dockerfile, Dockerfile in it/);
    await expect(program("gone")).rejects.toThrow(/there is no such file/);
  });
});
