import type { About } from "../about.ts";

export const about: About = {
  type: "Template",
  description:
    "A sandbox template: an image built from a Dockerfile and its build context, under a name, ready to start machines from. " +
    "A content hash of the context decides, without asking the service, whether anything has to be built.",
  example: {
    typescript: `
const web = new Template("web", {
  name: "web",
  context: "./app",
  startCmd: "node server.js",
  readiness: { kind: "http", port: 8080, path: "/healthz" },
});`,
  },
  importId: { form: "`namespace/name`", example: "acme/web" },
};
