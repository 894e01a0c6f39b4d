package main

import (
	"github.com/catamaran-research/pulumi-nullspace/sdk/go/nullspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		stable, err := nullspace.LookupTemplate(ctx, &nullspace.LookupTemplateArgs{
			Template: "acme/base:stable",
		}, nil)
		if err != nil {
			return err
		}
		_, err = nullspace.NewTemplateAlias(ctx, "python", &nullspace.TemplateAliasArgs{
			Template: pulumi.String(stable.CanonicalRef),
			Alias:    pulumi.String("python"),
		})
		if err != nil {
			return err
		}
		return nil
	})
}
