package main

import (
	"github.com/catamaran-research/pulumi-nullspace/sdk/go/nullspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		_, err := nullspace.NewTemplate(ctx, "agent", &nullspace.TemplateArgs{
			Name:    pulumi.String("agent"),
			Image:   pulumi.String("python:3.12-slim"),
			Context: pulumi.String("./agent"),
			Steps: nullspace.StepArray{
				&nullspace.StepArgs{
					Kind: pulumi.String(nullspace.StepKindAptInstall),
					Packages: pulumi.StringArray{
						pulumi.String("git"),
					},
				},
				&nullspace.StepArgs{
					Kind: pulumi.String(nullspace.StepKindPipInstall),
					Packages: pulumi.StringArray{
						pulumi.String("requests==2.32.3"),
					},
				},
				&nullspace.StepArgs{
					Kind: pulumi.String(nullspace.StepKindCopy),
					Sources: pulumi.StringArray{
						pulumi.String("."),
					},
					Dst: pulumi.String("/agent/"),
				},
			},
			Env: pulumi.StringMap{
				"PYTHONUNBUFFERED": pulumi.String("1"),
			},
			Workdir:   pulumi.String("/agent"),
			Vcpus:     pulumi.Int(2),
			MemoryMib: pulumi.Int(1024),
		})
		if err != nil {
			return err
		}
		return nil
	})
}
