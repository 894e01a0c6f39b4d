import pulumi
import pulumi_nullspace as nullspace

config = pulumi.Config()
build_id = config.require("buildId")
production = nullspace.TemplateTag("production",
    template="acme/web",
    tag="production",
    build_id=build_id)
