import { about } from "./about.ts";
import type { Controller } from "../controller.ts";
import { startDeadline } from "../deadline.ts";
import { checkTemplate } from "./check.ts";
import { createTemplate } from "./create.ts";
import { deleteTemplate } from "./delete.ts";
import { diffTemplate } from "./diff.ts";
import { TemplateInputs } from "./inputs.ts";
import { TemplateOutputs } from "./outputs.ts";
import { readTemplate } from "./read-template.ts";
import { clientFor } from "../provider-config.ts";
import { CALL_TIMEOUT_MS } from "../timeouts.ts";
import { promiseTemplate, updateTemplate } from "./update.ts";

/** A sandbox template: a build of a Dockerfile and its context, under a name. */
export const templateController: Controller = {
  ...about,
  inputs: TemplateInputs,
  outputs: TemplateOutputs,

  check: checkTemplate,
  diff: diffTemplate,
  async forecast({ oldInputs, newInputs }, changes, cwd) {
    // Reads Dockerfiles: loaded by those who build.
    const { forecastBuild } = await import("./build-forecast.ts");
    return forecastBuild({ oldInputs, newInputs, changes }, cwd);
  },
  promise: promiseTemplate,
  create: createTemplate,
  update: (request, context) => updateTemplate(request, context),
  delete: deleteTemplate,

  async read(request, context) {
    using deadline = startDeadline(context, "read", CALL_TIMEOUT_MS);
    return readTemplate(clientFor(context.config), request, { ...context, signal: deadline.signal });
  },
};
