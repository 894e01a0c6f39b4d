package main

import (
	"github.com/catamaran-research/pulumi-nullspace/sdk/go/nullspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		build, err := nullspace.GetBuild(ctx, &nullspace.GetBuildArgs{
			BuildId: "tb_0123456789ab",
		}, nil)
		if err != nil {
			return err
		}
		ctx.Export("status", build.Status)
		return nil
	})
}
