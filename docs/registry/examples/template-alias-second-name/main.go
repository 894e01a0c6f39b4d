package main

import (
	"github.com/catamaran-research/pulumi-nullspace/sdk/go/nullspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		web, err := nullspace.NewTemplate(ctx, "web", &nullspace.TemplateArgs{
			Name:    pulumi.String("web"),
			Context: pulumi.String("./app"),
		})
		if err != nil {
			return err
		}
		_, err = nullspace.NewTemplateAlias(ctx, "website", &nullspace.TemplateAliasArgs{
			Template: web.Name,
			Alias:    pulumi.String("website"),
		})
		if err != nil {
			return err
		}
		return nil
	})
}
