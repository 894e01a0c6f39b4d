import type { About } from "../about.ts";

export const about: About = {
  type: "TemplateTag",
  description:
    "A tag of a template, pointing at one build. Moving it promotes that build, from stack to stack too, without " +
    "building anything.",
  example: {
    typescript: `
const stable = new TemplateTag("stable", { template: web.name, tag: "stable", buildId: web.buildId });`,
  },
  importId: { form: "`namespace/name:tag`", example: "acme/web:stable" },
};
