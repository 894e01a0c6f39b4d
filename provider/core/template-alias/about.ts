import type { About } from "../about.ts";

export const about: About = {
  type: "TemplateAlias",
  description: "Another name of a template in its namespace; whoever uses it gets the template.",
  example: {
    typescript: `
const website = new TemplateAlias("website", { template: web.name, alias: "website" });`,
  },
  importId: { form: "`namespace/alias`", example: "acme/website" },
};
