/** A fenced program in one language, as the pages of Pulumi's Registry have it. */
export interface Choosable {
  /** Pulumi's name of the language: `typescript`, `csharp`. */
  language: string;
  /** Tag of the fence: `ts`, `csharp`. */
  tag: string;
  program: string;
}

/** Languages of Pulumi in the order in which its Registry shows them, with what they are called. */
export const LANGUAGES: ReadonlyMap<string, string> = new Map([
  ["typescript", "TypeScript"],
  ["python", "Python"],
  ["go", "Go"],
  ["csharp", "C#"],
  ["java", "Java"],
  ["yaml", "YAML"],
]);

const CHOOSER = /^\{\{< chooser language "([\w,]+)" >\}\}\n([\s\S]*?)^\{\{< \/chooser >\}\}$/gm;
const CHOOSABLE = /^\{\{% choosable language (\w+) %\}\}\n([\s\S]*?)^\{\{% \/choosable %\}\}$/gm;
const FENCE = /^\n```(\w+)\n([\s\S]*?)\n```\n\n$/;

/**
 * The choosers of a page, in their order.
 *
 * @throws when a chooser holds anything but one fenced program for each language that it names
 */
export function readChoosers(markdown: string): Choosable[][] {
  return [...markdown.matchAll(CHOOSER)].map(([, languages, body]) => readChoosables(languages!.split(","), body!));
}

/** Writes each chooser as a group of tabs, as VitePress has them. */
export function choosersToTabs(markdown: string): string {
  const tabs = markdown.replaceAll(CHOOSER, (_all, languages: string, body: string) =>
    [
      "::: code-group",
      ...readChoosables(languages.split(","), body).map(
        ({ language, tag, program }) => `\`\`\`${tag} [${LANGUAGES.get(language) ?? language}]\n${program}\n\`\`\``,
      ),
      ":::",
    ].join("\n\n"),
  );
  const left = /^\{\{[<%].*$/m.exec(tabs);
  if (left) throw new Error(`a shortcode that is no part of a chooser: ${left[0]}`);
  return tabs;
}

function readChoosables(languages: readonly string[], body: string): Choosable[] {
  const choosables = [...body.matchAll(CHOOSABLE)].map(([, language, inside]) => {
    const [, tag, program] = FENCE.exec(inside!) ?? [];
    if (tag === undefined || program === undefined) {
      throw new Error(`the choosable ${language} does not hold one fenced program with an empty line around it`);
    }
    return { language: language!, tag, program };
  });
  const found = choosables.map(({ language }) => language).join(",");
  if (found !== languages.join(",")) throw new Error(`a chooser of ${languages.join(",")} has ${found}`);
  return choosables;
}
