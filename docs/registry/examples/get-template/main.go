package main

import (
	"github.com/catamaran-research/pulumi-nullspace/sdk/go/nullspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		stable, err := nullspace.LookupTemplate(ctx, &nullspace.GetTemplateArgs{
			Template: "acme/base:stable",
		}, nil)
		if err != nil {
			return err
		}
		ctx.Export("buildId", stable.BuildId)
		return nil
	})
}
