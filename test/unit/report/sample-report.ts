import type { Report } from "../../../provider/report/index.ts";

/** A report of every kind of fact, in which each text of a user is what `text` gives. */
export function sampleReport(text: (place: string) => string, { files = 3, stacks = 1 } = {}): Report {
  const stack = (index: number): Report["stacks"][number] => {
    const of = (place: string) => text(`${index} ${place}`);
    const build = (place: string) => ({ kind: "build", id: of(place) }) as const;
    const inputs = [
      { path: of("path"), kind: "update", before: of("before"), after: of("after") } as const,
      { path: of("path of a new one"), kind: "add", after: of("new value") } as const,
      { path: of("path of an old one"), kind: "delete", before: of("old value") } as const,
      {
        path: of("path of one to come"),
        kind: "update",
        before: of("before it"),
        afterUpdateOf: of("its source"),
      } as const,
    ];
    const tag = { resource: of("tag resource"), template: of("its template"), tag: of("tag"), certain: true } as const;
    return {
      title: of("title"),
      verdict: "1 template gets a new build.",
      failed: false,
      templates: [
        {
          resource: of("template resource"),
          action: "rebuild",
          certain: true,
          ref: of("ref"),
          renamedTo: of("new name"),
          files: Array.from({ length: files }, (_, file) => ({ path: of(`file ${file}`), kind: "update" })),
          inputs,
          cacheLostFrom: of("place"),
        },
      ],
      tags: [
        { ...tag, action: "update", from: build("from"), to: { kind: "new build", of: of("source") } },
        { ...tag, action: "create", from: null, to: build("to") },
      ],
      aliases: [{ resource: of("alias"), action: "create", certain: true, alias: of("alias"), template: of("of") }],
      pools: [
        {
          resource: of("pool resource"),
          action: "update",
          certain: true,
          pool: of("pool"),
          inputs,
          rolls: "yes",
          from: build("pool from"),
          to: build("pool to"),
          minReady: 1,
          maxReady: 2,
          empty: "never",
        },
      ],
      others: [{ type: of("type"), resource: of("other"), op: of("op") }],
      warnings: [{ kind: "said", resource: of("speaker"), text: of("warning") }],
      errors: [{ kind: "said", text: `${of("first line")}\n${of("second line")}` }],
      notes: [{ kind: "said", resource: of("speaker"), text: of("note") }],
      settled: [],
    };
  };
  const all = Array.from({ length: stacks }, (_, index) => stack(index));
  return { version: 1, verdict: "1 template gets a new build.", failed: false, stacks: all };
}
