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
		_, err = nullspace.NewTemplateTag(ctx, "stable", &nullspace.TemplateTagArgs{
			Template: pulumi.String(build.CanonicalRef),
			Tag:      pulumi.String("stable"),
			BuildId:  pulumi.String("tb_0123456789ab"),
		})
		if err != nil {
			return err
		}
		return nil
	})
}
