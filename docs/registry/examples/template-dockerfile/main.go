package main

import (
	"github.com/catamaran-research/pulumi-nullspace/sdk/go/nullspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		web, err := nullspace.NewTemplate(ctx, "web", &nullspace.TemplateArgs{
			Name:     pulumi.String("web"),
			Context:  pulumi.String("./app"),
			StartCmd: pulumi.String("node server.js"),
			Readiness: &nullspace.ReadinessArgs{
				Kind: pulumi.String(nullspace.ReadinessKindHttp),
				Port: pulumi.Int(8080),
				Path: pulumi.String("/healthz"),
			},
			Tags: pulumi.StringArray{
				pulumi.String("default"),
				pulumi.String("v1"),
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("buildId", web.BuildId)
		return nil
	})
}
