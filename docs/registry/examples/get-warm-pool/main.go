package main

import (
	"github.com/catamaran-research/pulumi-nullspace/sdk/go/nullspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		pool, err := nullspace.LookupWarmPool(ctx, &nullspace.LookupWarmPoolArgs{
			Name: pulumi.StringRef("web"),
		}, nil)
		if err != nil {
			return err
		}
		_, err = nullspace.NewWarmPool(ctx, "spare", &nullspace.WarmPoolArgs{
			Name:     pulumi.String("web-spare"),
			Template: pulumi.String(pool.Template),
			MinReady: pulumi.Int(1),
			MaxReady: pulumi.Int(pool.MaxReady),
		})
		if err != nil {
			return err
		}
		return nil
	})
}
