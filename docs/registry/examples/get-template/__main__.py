import pulumi
import pulumi_nullspace as nullspace

stable = nullspace.get_template_output(template="acme/base:stable")
pulumi.export("buildId", stable.build_id)
