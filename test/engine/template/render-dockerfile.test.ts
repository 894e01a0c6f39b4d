import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { Template, TemplateArgumentError, waitForCommand } from "../../../sdk/index.ts";
import { shellQuote } from "../../../sdk/template/shell-quote.ts";

const BASE = process.env.NULLSPACE_BASE_IMAGE;
const engine = new DockerEngine();
const images: string[] = [];
let root: string;

beforeAll(() => {
  if (!BASE) throw new Error("NULLSPACE_BASE_IMAGE is not set: start the tests with `npm test`");
  root = mkdtempSync(join(tmpdir(), "render-"));
  mkdirSync(join(root, "dir"));
  writeFileSync(join(root, "fi le.txt"), "file\n");
  writeFileSync(join(root, "dir/x"), "x\n");
});

afterAll(async () => {
  for (const image of images) await engine.images.remove(image, { force: true });
  await engine.close();
  rmSync(root, { recursive: true, force: true });
});

describe("a rendered Dockerfile", () => {
  it("does in a real build what the steps say, quotes, spaces, dollars and line breaks included", async () => {
    const template = Template.fromImage(BASE!)
      .makeDir('/it\'s a "dir"', { mode: "0700" })
      .run('echo "$HOME" > \'/it\'"\'"\'s a "dir"/home\'')
      .run("echo one\necho two > /two", { user: "root" })
      .copy("fi le.txt", "/copied/")
      .copyItems([["dir", "/items/"], { src: ["dir/x", "fi le.txt"], dst: "/both/", mode: 0o600 }])
      .makeSymlink("/two", "/-link")
      .rename("/copied/fi le.txt", "/$moved")
      .run("touch /gone")
      .remove("/gone")
      .setWorkdir('/items/$HOME \\ "a" ')
      .run("pwd > /where")
      .setWorkdir("/items")
      .skipCache()
      .setBuildEnvs({ PLAIN: "1", HARD: "a \"b\" \\ $HOME 'c'" })
      .setStartCmd('echo "start $PLAIN" && cat "/\\$moved"', waitForCommand("true"));
    writeFileSync(join(root, "Dockerfile"), template.toDockerfile());
    const { imageId } = await engine.build({ path: root, labels: { "dev.nullspace.test": "render" } }).done;
    images.push(imageId!);
    const script = [
      'stat -c "%a" "/it\'s a \\"dir\\""',
      'cat "/it\'s a \\"dir\\"/home"',
      "cat /two /items/x /both/x '/both/fi le.txt' '/$moved' /-link",
      "stat -c %a /both/x",
      "test ! -e /gone && test ! -e '/copied/fi le.txt' && echo moved",
      "pwd",
      "cat /where",
      'printf "%s\\n" "$HARD"',
    ].join("; ");
    const command = await runIn(imageId!, ["sh", "-c", script]);
    expect(command.split("\n")).toEqual([
      ...[
        "700",
        "/root",
        "two",
        "x",
        "x",
        "file",
        "file",
        "two",
        "600",
        "moved",
        "/items",
        '/items/$HOME \\ "a" ',
        "a \"b\" \\ $HOME 'c'",
        "",
      ],
    ]);
    expect(await runIn(imageId!)).toBe("start 1\nfile\n");
  });

  it("has no form for a line break in a variable, and says so", () => {
    const act = () => Template.fromImage("a").setBuildEnvs({ A: "1\n2" }).toDockerfile();
    expect(act).toThrow(TemplateArgumentError);
    expect(act).toThrow("build variable A holds a line break");
  });

  it("has no form for what would begin another instruction, and says so", () => {
    const of =
      (act: (template: ReturnType<typeof Template.fromImage>) => ReturnType<typeof Template.fromImage>) => () =>
        act(Template.fromImage("a")).toDockerfile();
    expect(of((one) => one.setWorkdir("/a\nRUN evil"))).toThrow("workdir holds a line break");
    expect(of((one) => one.setUser("a\u2028b"))).toThrow("user holds a control character");
    expect(of((one) => one.copy("x", "/x", { user: "a\nRUN evil" }))).toThrow("user holds a line break");
    expect(of((one) => one.setBuildEnvs({ "A B": "1" }))).toThrow('the name of the build variable "A B"');
  });

  it("installs packages with every tool, and leaves a Dockerfile as it is", () => {
    const lines = Template.fromImage("a")
      .aptInstall("git")
      .aptInstall([])
      .pipInstall("flask>=3")
      .pipInstall("x", { g: false })
      .npmInstall("tsx", { g: true })
      .bunInstall("z")
      .toDockerfile()
      .trimEnd()
      .split("\n");
    expect(lines.slice(1)).toEqual([
      "RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y git && rm -rf /var/lib/apt/lists/*",
      "RUN pip install --no-cache-dir 'flask>=3'",
      "RUN pip install --user --no-cache-dir x",
      "RUN npm install -g tsx",
      "RUN bun add z",
    ]);
    expect(Template.fromDockerfileContent("FROM a\n# mine").toDockerfile()).toBe("FROM a\n# mine");
  });
});

it("a quoted word is read back by a real shell as it was", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string().filter((text) => !text.includes("\0")),
        { minLength: 20, maxLength: 40 },
      ),
      (words) => {
        const script = `printf '%s\\0' ${words.map((word) => shellQuote(word)).join(" ")}`;
        const read = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
        expect(read).toEqual(words);
      },
    ),
    { numRuns: 20 },
  );
});

/** Output of a container of the image, started with `command` or with its own. */
async function runIn(image: string, command?: string[]): Promise<string> {
  const { id } = await engine.containers.create({ Image: image, ...(command && { Cmd: command }) });
  try {
    await engine.containers.start(id);
    await engine.containers.wait(id);
    let text = "";
    for await (const chunk of engine.containers.logs(id)) text += chunk.data.toString("utf8");
    return text;
  } finally {
    await engine.containers.remove(id, { force: true });
  }
}
