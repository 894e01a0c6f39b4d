import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const web = new nullspace.Template("web", {
    name: "web",
    context: "./app",
});
const website = new nullspace.TemplateAlias("website", {
    template: web.name,
    alias: "website",
});
