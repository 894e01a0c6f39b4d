package main

import (
	"github.com/catamaran-research/pulumi-nullspace/sdk/go/nullspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		found, err := nullspace.GetTemplates(ctx, &nullspace.GetTemplatesArgs{
			Namespace: pulumi.StringRef("acme"),
		}, nil)
		if err != nil {
			return err
		}
		_, err = nullspace.NewTemplateAlias(ctx, "first", &nullspace.TemplateAliasArgs{
			Template: pulumi.String(found.Templates[0].CanonicalRef),
			Alias:    pulumi.String("first"),
		})
		if err != nil {
			return err
		}
		return nil
	})
}
