import type { Report, StackReport, TemplateFact, BuildFact, PoolFact, TagFact } from "../facts/report.ts";
import { code, type Block, type Inline, type Line } from "./document.ts";
import { OPEN_ENTRIES, type Detail } from "./detail.ts";
import { ALIAS, EMPTY, MAY_BE_REPLACED, describePool, describeTemplate, machines, tagNote } from "./phrases.ts";
import { visible } from "./visible-text.ts";

/** The report as a document: what stands above all, and a section for each stack. */
export interface Layout {
  head: readonly Block[];
  sections: readonly (readonly Block[])[];
}

/** Lays a report out. @param detail how much of it */
export function layOut(report: Report, detail: Detail): Layout {
  const head: Block[] = [
    { kind: "heading", level: 2, line: ["Nullspace preview"] },
    { kind: "paragraph", line: [`**${report.verdict}**`] },
  ];
  const isOne = report.stacks.length === 1;
  return { head, sections: report.stacks.map((stack) => new StackLayout(detail).blocks(stack, isOne)) };
}

class StackLayout {
  readonly #detail: Detail;

  constructor(detail: Detail) {
    this.#detail = detail;
  }

  blocks(stack: StackReport, isOnly: boolean): Block[] {
    const title: Block = { kind: "heading", level: 3, line: [this.#code(stack.title)] };
    return [
      title,
      ...(isOnly ? [] : [{ kind: "paragraph", line: [stack.verdict] } as const]),
      ...this.#messages("Errors", stack.errors),
      ...this.#messages("Warnings", stack.warnings),
      ...this.#templates(stack.templates),
      ...this.#tags(stack.tags),
      ...this.#pools(stack.pools),
      ...this.#aliases(stack.aliases),
      ...this.#others(stack.others),
      ...this.#messages("Notes", stack.notes),
    ];
  }

  #templates(templates: readonly TemplateFact[]): Block[] {
    if (templates.length === 0) return [];
    const shown = templates.slice(0, this.#detail.entries);
    return [
      heading("Templates"),
      ...shown.flatMap((template) => this.#template(template)),
      ...more(templates.length - shown.length, "template"),
    ];
  }

  #template(fact: TemplateFact): Block[] {
    const { ref, action, certain, files, inputs, cacheLostFrom, renamedTo, resource, mayBeReplaced } = fact;
    const loss: Line =
      cacheLostFrom === undefined
        ? []
        : [
            " The first step that loses its cache: ",
            this.#code(cacheLostFrom),
            "; everything after it is built again.",
          ];
    const name: Line = renamedTo === undefined ? [] : [" It is renamed to ", this.#code(renamedTo), "."];
    const title = ["**", this.#code(ref), "**"];
    const program: Line = ref === resource || ref.endsWith(`/${resource}`) ? [] : [" (", this.#code(resource), ")"];
    const says = describeTemplate(action, certain) + (mayBeReplaced ? `; ${MAY_BE_REPLACED}` : "");
    return [
      { kind: "paragraph", line: [...title, ...program, `: ${says}.`, ...name, ...loss] },
      ...this.#files(files),
      ...this.#inputs(inputs),
    ];
  }

  #files(files: TemplateFact["files"]): Block[] {
    if (files.length === 0) return [];
    const shown = files.slice(0, this.#detail.entries);
    const lines = shown.map(({ path, kind }) => `${SIGNS[kind]} ${visible(path, this.#detail.characters)}`);
    const left = files.length - shown.length;
    if (left > 0) lines.push(`  … and ${left} more`);
    const isLong = files.length > OPEN_ENTRIES;
    return [{ kind: "lines", syntax: "diff", lines, ...(isLong && { fold: `${files.length} changed files` }) }];
  }

  #inputs(inputs: TemplateFact["inputs"]): Block[] {
    if (inputs.length === 0) return [];
    const shown = inputs.slice(0, this.#detail.entries);
    const items = shown.map(({ path, kind, before, after, afterUpdateOf }): Line => {
      const old = before === undefined ? [] : [this.#code(before)];
      const next: Line =
        after !== undefined
          ? [this.#code(after)]
          : afterUpdateOf !== undefined
            ? ["known when ", this.#code(afterUpdateOf), " is there"]
            : ["not known yet"];
      const what: Line =
        kind === "delete" ? [...old, " → removed"] : kind === "add" ? ["added: ", ...next] : [...old, " → ", ...next];
      return [this.#code(path), ": ", ...what];
    });
    const left = inputs.length - shown.length;
    return [{ kind: "list", items: left > 0 ? [...items, [`and ${left} more`]] : items }];
  }

  #tags(tags: readonly TagFact[]): Block[] {
    const rows = tags.map(({ template, tag, from, to, certain, action, mayBeReplaced }): Line[] => [
      [this.#code(template === "" ? tag : `${template}:${tag}`)],
      from === null ? ["(no such tag)"] : this.#build(from),
      to === null ? ["removed"] : this.#build(to),
      [mayBeReplaced ? MAY_BE_REPLACED : tagNote({ from, to, certain, action })],
    ]);
    const head = ["tag", "from", "to", "note"];
    const hasNotes = rows.some(([, , , note]) => note?.some((part) => part !== ""));
    return this.#table(
      "Tags",
      hasNotes ? head : head.slice(0, 3),
      hasNotes ? rows : rows.map((row) => row.slice(0, 3)),
    );
  }

  #pools(pools: readonly PoolFact[]): Block[] {
    const rows = pools.map((pool): Line[] => [
      [this.#code(pool.pool)],
      [describePool(pool)],
      this.#move(pool),
      [machines(pool)],
      [EMPTY[pool.empty]],
    ]);
    const table = this.#table("Pools", ["pool", "what happens", "build", "machines kept ready", "ever empty?"], rows);
    const changed = pools.filter(({ inputs }) => inputs.some(({ path }) => !isOfBuild(path)));
    return [
      ...table,
      ...changed
        .slice(0, this.#detail.entries)
        .flatMap(({ pool, inputs }): Block[] => [
          { kind: "paragraph", line: ["Changed in ", this.#code(pool), ":"] },
          ...this.#inputs(inputs.filter(({ path }) => !isOfBuild(path))),
        ]),
    ];
  }

  #move({ from, to, rolls }: PoolFact): Line {
    if (to === undefined || rolls === "no") return from === undefined ? [] : this.#build(from);
    return from === undefined ? this.#build(to) : [...this.#build(from), " → ", ...this.#build(to)];
  }

  #aliases(aliases: StackReport["aliases"]): Block[] {
    const rows = aliases.map(({ alias, action, template, certain, mayBeReplaced }): Line[] => [
      [this.#code(alias)],
      [mayBeReplaced ? MAY_BE_REPLACED : certain ? ALIAS[action] : "may be updated"],
      template === undefined ? [] : [this.#code(template)],
    ]);
    return this.#table("Aliases", ["alias", "what happens", "template"], rows);
  }

  #others(others: StackReport["others"]): Block[] {
    const rows = others.map(({ type, resource, op }): Line[] => [
      [this.#code(resource)],
      [this.#code(type)],
      [this.#code(op)],
    ]);
    return this.#table("Other resources", ["resource", "type", "what Pulumi does"], rows);
  }

  #table(title: string, head: readonly string[], rows: readonly (readonly Line[])[]): Block[] {
    if (rows.length === 0) return [];
    const shown = rows.slice(0, this.#detail.entries);
    return [heading(title), { kind: "table", head, rows: shown }, ...more(rows.length - shown.length, "row")];
  }

  #messages(title: string, messages: StackReport["errors"]): Block[] {
    if (messages.length === 0) return [];
    const shown = messages.slice(0, this.#detail.entries);
    return [
      heading(title),
      ...this.#shortMessages(shown.filter(({ text }) => !text.includes("\n"))),
      ...shown.filter(({ text }) => text.includes("\n")).flatMap((message) => this.#longMessage(message)),
      ...more(messages.length - shown.length, "message"),
    ];
  }

  #shortMessages(messages: StackReport["errors"]): Block[] {
    if (messages.length === 0) return [];
    // A sentence may be longer than a value.
    const most = this.#detail.characters * 2;
    const items = messages.map(({ resource, text }): Line => {
      const about: Line = resource === undefined ? [] : [this.#code(resource), ": "];
      return [...about, code(visible(text, most))];
    });
    return [{ kind: "list", items }];
  }

  #longMessage({ resource, text }: StackReport["errors"][number]): Block[] {
    const all = text.split("\n");
    const lines = all.slice(0, this.#detail.lines).map((line) => visible(line, this.#detail.characters));
    if (all.length > lines.length) lines.push(`… and ${all.length - lines.length} more lines`);
    const isLong = lines.length > OPEN_ENTRIES;
    return [
      ...(resource === undefined ? [] : [{ kind: "paragraph", line: [this.#code(resource), ":"] } as const]),
      ...(isLong ? [{ kind: "lines", lines: lines.slice(0, 2) } as const] : []),
      { kind: "lines", lines, ...(isLong && { fold: "the whole message" }) },
    ];
  }

  #build(build: BuildFact): Line {
    if (build.kind === "build") return [this.#code(build.id)];
    if (build.kind === "new build") return ["the new build of ", this.#code(build.of)];
    return [build.kind === "elsewhere" ? "where somebody else has moved it" : "not known yet"];
  }

  #code(text: string): Inline {
    return code(visible(text, this.#detail.characters));
  }
}

const SIGNS = { add: "+", update: "~", delete: "-" } as const;

function isOfBuild(path: string): boolean {
  return path === "buildId" || path === "template";
}

function heading(text: string): Block {
  return { kind: "heading", level: 4, line: [text] };
}

function more(many: number, noun: string): Block[] {
  return many <= 0 ? [] : [{ kind: "paragraph", line: [`… and ${many} more ${noun}${many === 1 ? "" : "s"}.`] }];
}
