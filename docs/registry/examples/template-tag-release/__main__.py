import pulumi
import pulumi_nullspace as nullspace

web = nullspace.Template("web",
    name="web",
    context="./app")
stable = nullspace.TemplateTag("stable",
    template=web.name,
    tag="stable",
    build_id=web.build_id)
pulumi.export("ref", stable.ref)
