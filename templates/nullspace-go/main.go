package main

import (
	"github.com/catamaran-research/pulumi-nullspace/sdk/go/nullspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		conf := config.New(ctx, "")

		// An image built from ./app, which is built again when, and only when, a file there changes.
		web, err := nullspace.NewTemplate(ctx, "web", &nullspace.TemplateArgs{
			Name:      pulumi.String("${PROJECT}"),
			Context:   pulumi.String("./app"),
			BuildArgs: pulumi.StringMap{"BASE_IMAGE": pulumi.String(conf.Require("baseImage"))},
			StartCmd:  pulumi.String("httpd -f -p 8080 -h /srv/www"),
			Readiness: &nullspace.ReadinessArgs{Kind: pulumi.String("http"), Port: pulumi.Int(8080), Path: pulumi.String("/")},
			Vcpus:     pulumi.Int(1),
			MemoryMib: pulumi.Int(128),
		})
		if err != nil {
			return err
		}

		// Moves to each new build in one step.
		stable, err := nullspace.NewTemplateTag(ctx, "stable", &nullspace.TemplateTagArgs{
			Template: web.Name,
			Tag:      pulumi.String("stable"),
			BuildId:  web.BuildId,
		})
		if err != nil {
			return err
		}

		// A machine that is ready before anyone asks. An update waits until it is of the tag's build.
		pool, err := nullspace.NewWarmPool(ctx, "pool", &nullspace.WarmPoolArgs{
			Name:          pulumi.String("${PROJECT}"),
			Template:      stable.Ref,
			VersionPolicy: pulumi.String(nullspace.VersionPolicyTrackTag),
			BuildId:       stable.BuildId,
			MinReady:      pulumi.Int(1),
			MaxReady:      pulumi.Int(2),
			Vcpus:         pulumi.Int(1),
			MemoryMib:     pulumi.Int(128),
		})
		if err != nil {
			return err
		}

		ctx.Export("template", stable.Ref)
		ctx.Export("buildId", web.BuildId)
		ctx.Export("poolId", pool.PoolId)
		return nil
	})
}
