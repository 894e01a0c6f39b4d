import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Step } from "../../../sdk/wire/index.ts";
import { Line } from "../../../sdk/wire/word.ts";
import { expandWord } from "../../../sdk/dockerfile/expand-word.ts";
import { BuildKitParser } from "../dockerfile/buildkit/buildkit-parser.ts";
import { checkDockerfile } from "../../../service/builds/dockerfile/check-dockerfile.ts";
import { parseDockerfile } from "../../../sdk/dockerfile/parse-dockerfile.ts";
import { reuseKey } from "../../../service/builds/image-reuse.ts";
import { commandOf, quote, renderDockerfile } from "../../../service/builds/dockerfile/render-dockerfile.ts";

function render(steps: Step[], more: Partial<Parameters<typeof renderDockerfile>[0]> = {}) {
  return renderDockerfile({
    baseImage: "base:1",
    baseUser: "",
    steps,
    buildEnvs: {},
    cacheNonce: "tb_1",
    isFile: (source) => !source.endsWith("dir"),
    ...more,
  });
}

/** Texts made of what shells, JSON and Dockerfiles take for something else. */
const awkward = fc.string({
  unit: fc.constantFrom(..."aZ0 \t\n\r\\\"'$`#!*?[]{}<>|&;()~=%é\u0085\u2028", "\u{1F4A5}", "<<E", "${x}", " \\\n"),
  minLength: 1,
});

/** Commands of the RUN lines, decoded from their JSON. */
function commands(text: string): string[] {
  return parseDockerfile(text)
    .filter(({ keyword }) => keyword === "RUN")
    .map(({ argument }) => (JSON.parse(argument) as string[])[2] ?? "");
}

describe("rendering steps", () => {
  it("installs as root, and gives the commands behind the user back", () => {
    const { text } = render(
      [
        { action: "user", user: "app" },
        { action: "apt_install", packages: ["git", "curl=1.*"] },
        { action: "pip_install", packages: ["flask>=2"] },
        { action: "pip_install", packages: ["x"], g: false },
        { action: "npm_install", packages: ["tsx"], g: true },
        { action: "npm_install", packages: ["y"] },
        { action: "bun_install", packages: ["z"], g: true },
      ],
      { baseUser: "other" },
    );
    expect(
      text
        .split("\n")
        .map((line) =>
          line.replace(
            /^(RUN ).*?(apt-get install -y -- .*?|pip install .*?|npm install .*?|bun add .*?)( &&.*)?"\]$/,
            "$1$2",
          ),
        ),
    ).toEqual([
      "FROM base:1",
      "USER app",
      "USER 0:0",
      "RUN apt-get install -y -- git 'curl=1.*'",
      "RUN pip install --no-cache-dir 'flask>=2'",
      "USER app",
      "RUN pip install --user --no-cache-dir x",
      "USER 0:0",
      "RUN npm install -g tsx",
      "USER app",
      "RUN npm install y",
      "USER 0:0",
      "RUN bun add --global z",
      "USER app",
      "",
    ]);
  });

  it("writes a quote as it always has: recorded keys of reuse and the builder's cache hang on the text", async () => {
    const { text } = render([{ action: "make_dir", path: "/it's" }], { buildEnvs: { A: "it's" } });
    const keyOf = (dockerfile: string) => {
      const job = { definition: { build_envs: { A: "it's" } }, credentials: { secrets: [] }, inherited: { env: {} } };
      const input = { text: dockerfile, entries: [] };
      const executor = { stableImageId: async () => "sha256:1" };
      return reuseKey(executor, job as never, input as never, new AbortController().signal);
    };
    // As it was before there was one quoter for all.
    expect(text).toBe(`FROM base:1\nRUN ["/bin/sh","-c","export A='it'\\\\''s'\\nmkdir -p -- '/it'\\\\''s'"]\n`);
    expect(await keyOf(text)).toBe("sha256:e66688bc4383e029371987cdb8c2a900470f4dc8108a5757f8492e668d79dd5f");
    expect(await keyOf(text.replaceAll(`'\\\\''`, `'\\"'\\"'`))).not.toBe(await keyOf(text));
  });

  it("leaves out installs of nothing", () => {
    expect(
      render([
        { action: "apt_install", packages: [] },
        { action: "bun_install", packages: [] },
      ]).text,
    ).toBe("FROM base:1\n");
  });

  it("numbers steps as both builders count them", () => {
    const { stepOfCounted, stepOfInstruction } = render([
      { action: "user", user: "app" },
      { action: "run", command: "a", user: "root" },
      { action: "skip_cache" },
      { action: "workdir", path: "/w" },
    ]);
    // FROM, USER app, USER 0:0, RUN a, ARG, USER app, WORKDIR
    expect([...stepOfInstruction]).toEqual([
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 3],
      [6, 4],
      [7, 4],
    ]);
    expect([...stepOfCounted]).toEqual([
      [2, 2],
      [3, 4],
    ]);
  });

  it("keeps any command whole, through the Dockerfile and the JSON in it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(awkward, fc.constantFrom("cat <<E", "a \\", "# b", "E")), { minLength: 1, maxLength: 4 }),
        (texts) => {
          const { text } = render(texts.map((command): Step => ({ action: "run", command })));
          expect(commands(text)).toEqual(texts);
        },
      ),
    );
  });

  it("gives build variables to the shell exactly, and to nothing after it", () => {
    const value = fc.string().filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/), value, { minKeys: 1, maxKeys: 4 }),
        (buildEnvs) => {
          const names = Object.keys(buildEnvs).filter((name) => !["PATH", "IFS", "HOME", "PWD", "_"].includes(name));
          fc.pre(names.length > 0);
          const wanted = Object.fromEntries(names.map((name) => [name, buildEnvs[name] as string]));
          const { text } = render(
            [{ action: "run", command: names.map((name) => `printf '%s\\0' "$${name}"`).join("; ") }],
            { buildEnvs: wanted },
          );
          expect(text).not.toMatch(/^(ENV|ARG)/m);
          const output = execFileSync("/bin/sh", ["-c", commands(text)[0] ?? ""], { encoding: "utf8", env: {} });
          expect(output.split("\0").slice(0, -1)).toEqual(names.map((name) => wanted[name]));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("quotes words so that the shell reads them back", () => {
    fc.assert(
      fc.property(fc.array(awkward, { minLength: 1 }), (words) => {
        const output = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${words.map(quote).join(" ")}`], {
          encoding: "utf8",
        });
        expect(output.split("\0").slice(0, -1)).toEqual(words);
      }),
      { numRuns: 60 },
    );
  });

  it.each<[Step, string]>([
    [{ action: "remove", path: "/a b" }, "rm -- '/a b'"],
    [{ action: "remove", path: "-x", recursive: true, force: true }, "rm -rf -- -x"],
    [{ action: "rename", src: "a", dst: "b", force: true }, "mv -f -- a b"],
    [{ action: "make_dir", path: "/m", mode: 0o700 }, "mkdir -p -- /m && chmod 0700 /m"],
    [{ action: "make_dir", path: "/m", mode: "1777" }, "mkdir -p -- /m && chmod 1777 /m"],
    [{ action: "make_symlink", target: "/t", path: "/l" }, "ln -s -- /t /l"],
    [{ action: "git_clone", url: "https://e/x.git" }, "git clone -- https://e/x.git /workspace"],
    [
      { action: "git_clone", url: "https://e/x.git", path: "/r", branch: "ma in", depth: 1 },
      "git clone --branch 'ma in' --depth 1 -- https://e/x.git /r",
    ],
  ])("%j runs %s", (step, command) => {
    expect(commandOf(step)?.text).toBe(command);
  });

  it("copies from folders of its own, one a copy, so that no name of the user's is a pattern", () => {
    const { text, placements } = render([
      { action: "copy", sources: ["c/a*.txt"], dst: "/one" },
      { action: "copy", sources: ["c/a*.txt", "c/dir"], dst: "/two/", user: "app:app" },
      { action: "copy_items", items: [{ sources: ["c/dir"], dst: "three $x" }] },
    ]);
    expect(text.split("\n").slice(1, 4)).toEqual([
      'COPY ["step-1/0/a[*].txt","/one"]',
      'COPY --chown=app:app ["step-2/1/","/two/"]',
      'COPY ["step-3/2/","three \\\\$x/"]',
    ]);
    expect(placements.map(({ folder, fileName }) => [folder, fileName])).toEqual([
      ["step-1/0", "a*.txt"],
      ["step-2/1", undefined],
      ["step-3/2", undefined],
    ]);
  });
});

describe("reading a Dockerfile", () => {
  const text = [
    "# escape=\\",
    "ARG V=1",
    "FROM --platform=linux/amd64 image:$V AS One",
    "RUN a \\",
    "  # a comment between",
    "",
    "  && b",
    "run <<EOF",
    "FROM not an instruction",
    "EOF",
    "FROM one",
    "COPY --from=one <<-A <<B /dst/",
    "\tA is over in the next line",
    "\tA",
    "b",
    "B",
    'CMD ["x"]',
  ].join("\r\n");

  it("joins continued lines, skips comments, and takes here-documents with their instruction", () => {
    expect(parseDockerfile(text).map(({ line, keyword, heredocs }) => [line, keyword, heredocs.length])).toEqual([
      [2, "ARG", 0],
      [3, "FROM", 0],
      [4, "RUN", 0],
      [8, "RUN", 1],
      [11, "FROM", 0],
      [12, "COPY", 2],
      [17, "CMD", 0],
    ]);
    expect(checkDockerfile(text)).toMatchObject({
      problems: [],
      finalBase: "image:$V",
      ignored: [{ instruction: "CMD", line: 17 }],
    });
  });

  it("knows the other escape character, and a byte order mark", () => {
    const windows = "\uFEFF# escape=`\nFROM x\nRUN a `\n b\nRUN c\\\nRUN d\n";
    expect(parseDockerfile(windows).map(({ line, argument }) => [line, argument.replace(/\s+/g, " ")])).toEqual([
      [2, "x"],
      [3, "a b"],
      [5, "c\\"],
      [6, "d"],
    ]);
  });

  it("names any user and folder of one line so that the builder reads that and nothing else", async () => {
    await using parser = new BuildKitParser();
    const name = fc
      .string({ unit: fc.constantFrom(..."ab/-#$\\'\"`{} <=["), minLength: 1 })
      .filter((text) => Line.safeParse(text).success && text !== "root");
    const names = fc.sample(name, { seed: 20_261_129, numRuns: 300 });
    const texts = names.map((one) => {
      const steps: Step[] = [
        { action: "workdir", path: one },
        { action: "copy", sources: ["a"], dst: "/a", user: one },
        { action: "user", user: one },
        { action: "run", command: "id" },
      ];
      return render(steps).text;
    });
    const literal = (word: string) => expandWord(word, { get: () => "?", untold: () => "?" });
    for (const [at, { instructions }] of (await parser.read(texts)).entries()) {
      const said = new Map(instructions.map((one) => [one.keyword, one]));
      expect(instructions.map(({ keyword }) => keyword)).toEqual(["FROM", "WORKDIR", "COPY", "USER", "RUN"]);
      expect(literal(said.get("WORKDIR")!.words[0]!), texts[at]).toBe(names[at]);
      expect(literal(said.get("USER")!.words[0]!), texts[at]).toBe(names[at]);
      expect(literal(said.get("COPY")!.flags[0]!.slice("--chown=".length)), texts[at]).toBe(names[at]);
    }
  });

  it("begins no instruction with a user of the base image, whatever that is", () => {
    const { text } = render(
      [
        { action: "user", user: "app" },
        { action: "run", command: "id" },
      ],
      { baseUser: "app\nRUN evil" },
    );
    expect(parseDockerfile(text).map(({ keyword }) => keyword)).toEqual(["FROM", "USER", "RUN"]);
  });

  it("exports no variable whose name a shell cannot write", () => {
    const steps: Step[] = [{ action: "run", command: "id" }];
    const { text } = render(steps, { buildEnvs: { "A; evil": "1", B: "'\n$x" } });
    expect(text).not.toContain("evil");
    expect(text).toContain("export B=");
  });

  it("never throws, whatever the text", () => {
    const line = fc.oneof(
      fc.constantFrom("FROM x", "RUN a \\", "RUN <<E", "E", "# c", "COPY <<-'F' /x", "\tF", ""),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const all = parseDockerfile(lines.join("\n"));
        expect(all.map((one) => one.line)).toEqual([...all.map((one) => one.line)].sort((a, b) => a - b));
        checkDockerfile(lines.join("\n"));
      }),
    );
  });
});
