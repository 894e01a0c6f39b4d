package main

import (
	"github.com/catamaran-research/pulumi-nullspace/sdk/go/nullspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		cfg := config.New(ctx, "")
		buildId := cfg.Require("buildId")
		_, err := nullspace.NewTemplateTag(ctx, "production", &nullspace.TemplateTagArgs{
			Template: pulumi.String("acme/web"),
			Tag:      pulumi.String("production"),
			BuildId:  pulumi.String(buildId),
		})
		if err != nil {
			return err
		}
		return nil
	})
}
