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
		stable, err := nullspace.NewTemplateTag(ctx, "stable", &nullspace.TemplateTagArgs{
			Template: web.Name,
			Tag:      pulumi.String("stable"),
			BuildId:  web.BuildId,
		})
		if err != nil {
			return err
		}
		ctx.Export("ref", stable.Ref)
		return nil
	})
}
