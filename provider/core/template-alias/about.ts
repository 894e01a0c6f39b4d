import type { About } from "../about.ts";

export const about: About = {
  type: "TemplateAlias",
  description: "Another name for a template in its namespace, usable wherever a template is named.",
  example: {
    typescript: `
const website = new TemplateAlias("website", { template: web.name, alias: "website" });`,
  },
  importId: { form: "`namespace/alias`", example: "acme/website" },
};
