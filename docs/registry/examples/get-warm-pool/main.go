package main

import (
	"github.com/catamaran-research/pulumi-nullspace/sdk/go/nullspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		pool, err := nullspace.LookupWarmPool(ctx, &nullspace.GetWarmPoolArgs{
			Name: pulumi.StringRef("web"),
		}, nil)
		if err != nil {
			return err
		}
		ctx.Export("ready", pool.Ready)
		return nil
	})
}
