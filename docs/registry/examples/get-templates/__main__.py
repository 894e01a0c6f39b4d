import pulumi
import pulumi_nullspace as nullspace

found = nullspace.get_templates_output(namespace="acme")
pulumi.export("templates", found.templates)
