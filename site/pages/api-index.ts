import { ReflectionKind, type DeclarationReflection, type PageDefinition, type Reflection } from "typedoc";

/** What is exported by one entry point of a package, and where its reference is. */
export interface ApiModule {
  /** As programs import it: `pulumi-nullspace/sdk`. */
  name: string;
  url: string;
  exports: ApiExport[];
}

export interface ApiExport {
  name: string;
  kind: string;
  /** The first sentence of its documentation. */
  summary: string;
  url: string;
}

/** Lists what TypeDoc has written pages for. */
export function listApi(pages: readonly PageDefinition[]): ApiModule[] {
  const modules = new Map<Reflection, ApiModule>();
  for (const { model, url } of pages) {
    if (isReflection(model) && model.kind === ReflectionKind.Module)
      modules.set(model, { name: model.name, url, exports: [] });
  }
  for (const { model, url } of pages) {
    const home = isReflection(model) && model.parent && modules.get(model.parent);
    if (!home) continue;
    const { name, kind } = model as DeclarationReflection;
    const summary = summaryOf(model as DeclarationReflection);
    home.exports.push({ name, kind: ReflectionKind.singularString(kind).toLowerCase(), summary, url });
  }
  return [...modules.values()];
}

/**
 * The page that leads to the reference: every export by name, so that the search of the site finds it.
 *
 * @param folder of the reference on the site
 */
export function renderApiPage(modules: readonly ApiModule[], folder: string): string {
  return [
    "---",
    "editLink: false",
    "outline: [2, 2]",
    "---",
    "",
    "# API reference",
    "",
    `Everything that the packages export. The whole reference, with a search of its own: [open it](/${folder}/index.html){target="_self"}.`,
    ...modules.flatMap(({ name, url, exports }) => [
      "",
      `## ${name}`,
      "",
      `[All of \`${name}\`](/${folder}/${url}){target="_self"}`,
      "",
      ...exports.map(
        (one) =>
          `- [\`${one.name}\`](/${folder}/${one.url}){target="_self"} ${one.kind}${one.summary === "" ? "" : `: ${one.summary}`}`,
      ),
    ]),
    "",
  ].join("\n");
}

function isReflection(model: unknown): model is Reflection {
  return typeof model === "object" && model !== null && "kind" in model && "name" in model;
}

function summaryOf(reflection: DeclarationReflection): string {
  const comment = reflection.comment ?? reflection.signatures?.[0]?.comment;
  const text = (comment?.summary ?? []).map((part) => part.text).join("");
  const [first = ""] = text.split(/\n\s*\n/);
  const sentence = /^[\s\S]*?\.(?=\s|$)/.exec(first)?.[0] ?? first;
  // Braces, angles and brackets are markup to VitePress, outside of code.
  return sentence
    .replaceAll(/\s+/g, " ")
    .split(/(`[^`]*`)/)
    .map((part) =>
      part.startsWith("`") ? part : part.replaceAll(/[{}<>[\]|*_]/g, (mark) => `&#${mark.charCodeAt(0)};`),
    )
    .join("")
    .trim();
}
