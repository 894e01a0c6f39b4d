import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { PROGRAM_FILES, type ExampleLanguage, type ExampleProgram } from "../../provider/generator/examples.ts";
import { fileName } from "../../provider/generator/file-name.ts";

/** Where the programs of the examples are, a folder each. */
export const EXAMPLES = "docs/registry/examples";

/** What a program in YAML begins with: its examples in the Registry do not. */
const YAML_HEAD = /^name: .*\nruntime: yaml\n/;

/** A source of programs in every language. */
export interface ExampleSource {
  /** Name of the folder of its programs. */
  folder: string;
  /** What it shows, in a few words: its first line, a comment. */
  title: string;
  /** Resource or function that it shows. */
  subject: string;
  /** The program in PCL. */
  text: string;
}

/**
 * The sources in a room's `examples/`, by their names: `get-….pp` shows the function of that name, every other one the
 * resource.
 *
 * @param room its folder
 * @param type name of its resource
 */
export async function findSources(room: string, type: string): Promise<ExampleSource[]> {
  const folder = join(room, "examples");
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).filter((name) => name.endsWith(".pp")).sort();
  return Promise.all(
    names.map(async (name) => {
      const slug = name.replace(/\.pp$/, "");
      const isFunction = slug.startsWith("get-");
      const source = await readFile(join(folder, name), "utf8");
      const [, title, text] = /^# (.+)\n([\s\S]+)$/.exec(source) ?? [];
      if (title === undefined || text === undefined) throw new Error(`${folder}/${name} begins with no comment`);
      return {
        title,
        text,
        subject: isFunction ? slug.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase()) : type,
        folder: isFunction ? slug : `${fileName(type)}-${slug}`,
      };
    }),
  );
}

/**
 * The programs of a room, by the resource or function that they show.
 *
 * @param root folder of the repository
 */
export async function findExamples(root: string, room: string, type: string): Promise<Map<string, ExampleProgram[]>> {
  const found = new Map<string, ExampleProgram[]>();
  for (const { subject, title, folder } of await findSources(room, type)) {
    const translations = await readPrograms(join(root, EXAMPLES, folder));
    found.set(subject, [...(found.get(subject) ?? []), { folder, title, translations }]);
  }
  return found;
}

/** The text of a file as it is in an example's folder. */
export function programFile(folder: string, language: ExampleLanguage, text: string): string {
  return language === "yaml" ? `name: ${folder}\nruntime: yaml\n${text}` : text;
}

async function readPrograms(folder: string): Promise<ExampleProgram["translations"]> {
  const languages = Object.entries(PROGRAM_FILES) as [ExampleLanguage, string][];
  const texts = await Promise.all(
    languages.map(async ([language, name]) => {
      const path = join(folder, name);
      // A new example is translated with the schema, which is made first.
      const text = existsSync(path) ? await readFile(path, "utf8") : "";
      return [language, text.replace(YAML_HEAD, "")] as const;
    }),
  );
  return Object.fromEntries(texts) as Record<ExampleLanguage, string>;
}
