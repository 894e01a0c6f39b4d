import pulumi
import pulumi_nullspace as nullspace

web = nullspace.Template("web",
    name="web",
    context="./app")
website = nullspace.TemplateAlias("website",
    template=web.name,
    alias="website")
