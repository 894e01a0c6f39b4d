import { basename } from "node:path";
import type { BuildContext } from "../../../sdk/context/index.ts";
import type { ContextPlace } from "../../../sdk/client/index.ts";
import { folderAlias, placeCopies } from "../../../sdk/template/place-copies.ts";
import type { Step } from "../../../sdk/wire/index.ts";
import { contextPath } from "./context-path.ts";
import type { TemplateInputs } from "./inputs.ts";
import { sourceKind } from "./source-kind.ts";
import { toWireStep } from "./step-input.ts";

/** What a build is sent of the context, and the steps that use it. */
export interface BuildFiles {
  /** Absent: every entry that a `COPY` may see, at its own path. */
  places?: ContextPlace[];
  /** In the words of the service, copy sources replaced by the places. Absent for a Dockerfile. */
  steps?: Step[];
}

/** Chooses the files that a build is sent. Each copy source stands in a place of its own, so that it keeps its name. */
export function chooseFiles(inputs: TemplateInputs, context: BuildContext | undefined): BuildFiles {
  if (sourceKind(inputs) === "dockerfile") return {};
  const entries = context?.visibleEntries ?? [];
  const places: ContextPlace[] = [];
  const steps = placeCopies((inputs.steps ?? []).map(toWireStep), (source, alias, { force_upload }) => {
    const path = contextPath(source);
    const name = path === "." ? "context" : basename(path);
    const isFile = entries.some((entry) => entry.path === path && entry.type !== "dir");
    const root = isFile ? `${alias}/${name}` : folderAlias(alias, name);
    const place = (entry: ContextPlace["entry"], at: string) =>
      places.push({ entry, path: at, ...(force_upload === true && { forceUpload: true }) });
    for (const entry of entries) {
      if (entry.path === path) place(entry, root);
      else if (path === ".") place(entry, `${root}/${entry.path}`);
      else if (entry.path.startsWith(`${path}/`)) place(entry, `${root}${entry.path.slice(path.length)}`);
    }
    return root;
  });
  return { places, steps };
}
