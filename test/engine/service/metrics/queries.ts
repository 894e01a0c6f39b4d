import { readFileSync } from "node:fs";
import { parser } from "@prometheus-io/lezer-promql";
import { parse } from "yaml";

/** A query that a user copies from here. */
export interface Query {
  /** File and place in it. */
  from: string;
  /** PromQL, with what Grafana puts in already put in. */
  text: string;
}

interface Panel {
  id: number;
  title: string;
  targets?: { expr: string }[];
}

const FOLDER = new URL("../../../../deploy/", import.meta.url);

export function dashboard(): {
  panels: Panel[];
  templating: { list: { name: string; type: string; definition?: string }[] };
} {
  return JSON.parse(readFileSync(new URL("grafana/nullspace-local.json", FOLDER), "utf8")) as never;
}

/** Every query of the dashboard and of the alerts. */
export function queries(): Query[] {
  const { panels, templating } = dashboard();
  const { groups } = parse(readFileSync(new URL("prometheus/alerts.yaml", FOLDER), "utf8")) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  return [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ from: `panel ${title}`, text: expr.replaceAll("$__rate_interval", "5m") })),
    ),
    ...templating.list.flatMap(({ name, definition }) => {
      const selector = /^label_values\((.*), \w+\)$/.exec(definition ?? "")?.[1];
      return selector === undefined ? [] : [{ from: `variable ${name}`, text: selector }];
    }),
    ...groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ from: `alert ${alert}`, text: expr }))),
  ];
}

/** Figures that a query is of. @throws Error when it is not PromQL to Prometheus' own grammar */
export function figuresOf({ from, text }: Query): { name: string; labels: string[] }[] {
  const figures: { name: string; labels: string[] }[] = [];
  parser.parse(text).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`${from}: not PromQL at ${node.from}: ${text}`);
      if (node.name !== "VectorSelector") return;
      const name = node.node.getChild("Identifier");
      if (name === null) throw new Error(`${from}: a selector without a name: ${text}`);
      const labels: string[] = [];
      node.node.cursor().iterate((inner) => {
        if (inner.name === "LabelName") labels.push(text.slice(inner.from, inner.to));
      });
      figures.push({ name: text.slice(name.from, name.to), labels });
    },
  });
  return figures;
}
