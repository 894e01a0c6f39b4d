import { beforeAll, describe, expect, it } from "vitest";
import { publishedComments, publishedProgram, type DocComment } from "../support/published-docs.ts";

/** Words that say what is taken when nothing is given, outside of the tag that editors and the reference know. */
const PROSE =
  /(?:^|[.,;:(]\s*|@param \S+ )default\b(?! ones)|\bby default\b|\bdefaults (?:is|are|to)\b|\bdefault (?:is|of)\b/i;

describe("the documentation of what is published", () => {
  let comments: readonly DocComment[];
  beforeAll(() => {
    comments = publishedComments(publishedProgram().program);
  });

  it("is read whole: both packages, and some hundreds of options with a default", () => {
    const places = comments.map(({ place }) => place.split("/", 1)[0]);
    expect([...new Set(places)].sort()).toEqual(["provider", "sdk", "service"]);
    expect(comments.filter(({ text }) => text.includes("@default ")).length).toBeGreaterThan(250);
  });

  it("says a default by its tag, and not in prose", () => {
    const prose = comments.filter(({ text }) => PROSE.test(withoutTags(text)));
    expect(prose.map(({ place, text }) => `${place}: ${text.trim()}`)).toEqual([]);
  });

  it("says a value in the tag: no sentence, and not nothing", () => {
    const values = comments.flatMap(({ place, text }) =>
      [...text.matchAll(/@default\b *([^@]*)/g)].map(([, value = ""]) => ({ place, value: value.trim() })),
    );
    expect(values.filter(({ value }) => value === "" || /\.$/.test(value))).toEqual([]);
  });

  it.each([
    "Most moves; default 20",
    "Default `min`.",
    "Stage to build. Default: the last one.",
    "`keep` (default): links are sent as links.",
    "@param options.limit default 20",
    "Secrets, by default those of the environment.",
    "Retries; defaults to 3.",
  ])("would be refused: %s", (text) => {
    expect(PROSE.test(withoutTags(text))).toBe(true);
  });

  it.each([
    "Which one.\n\n@default `default`",
    "`default` stands for DOCKER_HOST.",
    "The caller's default namespace.",
    "Network of `RUN` commands: `default`, `none`, `host`.",
    "The limits in force: those given, the defaults for the rest.",
  ])("would be taken: %s", (text) => {
    expect(PROSE.test(withoutTags(text))).toBe(false);
  });
});

/** The text alone: without code, links, and what the tags say. */
function withoutTags(text: string): string {
  return text
    .replaceAll(/```[\s\S]*?```/g, "")
    .replaceAll(/@default [^@]*/g, "")
    .replaceAll(/`[^`]*`/g, "…")
    .replaceAll(/\{@link [^}]*\}/g, "…")
    .replaceAll(/@param \[[^\]]*\]/g, "@param …")
    .trim();
}
