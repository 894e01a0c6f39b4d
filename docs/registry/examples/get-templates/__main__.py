import pulumi
import pulumi_nullspace as nullspace

found = nullspace.get_templates_output(namespace="acme")
first = nullspace.TemplateAlias("first",
    template=found.templates[0].canonical_ref,
    alias="first")
