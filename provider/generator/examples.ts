/** Languages of the Registry's examples, by the names of fenced blocks there, and the file of a program in each. */
export const PROGRAM_FILES = {
  typescript: "index.ts",
  python: "__main__.py",
  go: "main.go",
  csharp: "Program.cs",
  java: "App.java",
  yaml: "Pulumi.yaml",
} as const;
export type ExampleLanguage = keyof typeof PROGRAM_FILES;

/** A program that shows a resource or a function, in every language that Pulumi has. */
export interface ExampleProgram {
  /** Name of its folder in `docs/registry/examples/`. */
  folder: string;
  /** What it shows, in a few words. */
  title: string;
  /** What Pulumi's code generators make of the source, which is in PCL, the language that they all read. */
  translations: Readonly<Record<ExampleLanguage, string>>;
}

/** Examples in the form of the Registry, from which SDKs take those of their own language. */
export function renderExamples(examples: readonly ExampleProgram[]): string {
  return [
    "{{% examples %}}",
    "## Example Usage",
    ...examples.flatMap(({ title, translations }) => [
      "{{% example %}}",
      `### ${title}`,
      "",
      ...Object.entries(translations).map(([language, code]) => fenced(language, code)),
      "{{% /example %}}",
    ]),
    "{{% /examples %}}",
  ].join("\n");
}

/** The first example in the languages beside TypeScript, each folded away: for pages that GitHub shows. */
export function renderOtherLanguages([first]: readonly ExampleProgram[]): string[] {
  if (first === undefined) return [];
  const others = [
    ["Python", "python", first.translations.python],
    ["Go", "go", first.translations.go],
    ["C#", "csharp", first.translations.csharp],
    ["Java", "java", first.translations.java],
    ["YAML", "yaml", first.translations.yaml],
  ] as const;
  return others.flatMap(([name, language, code]) => [
    "",
    "<details>",
    `<summary>${name}</summary>`,
    "",
    fenced(language, code),
    "",
    "</details>",
  ]);
}

function fenced(language: string, code: string): string {
  return `\`\`\`${language}\n${code.trimEnd()}\n\`\`\``;
}
