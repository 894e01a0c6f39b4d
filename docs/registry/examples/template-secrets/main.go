package main

import (
	"github.com/catamaran-research/pulumi-nullspace/sdk/go/nullspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		cfg := config.New(ctx, "")
		npmToken := cfg.Require("npmToken")
		registryPassword := cfg.Require("registryPassword")
		_, err := nullspace.NewTemplate(ctx, "web", &nullspace.TemplateArgs{
			Name:    pulumi.String("web"),
			Context: pulumi.String("./app"),
			BuildSecrets: pulumi.StringMap{
				"npm-token": pulumi.String(npmToken),
			},
			RegistryAuth: nullspace.RegistryAuthArray{
				&nullspace.RegistryAuthArgs{
					Registry: pulumi.String("registry.example.com"),
					Auth: &nullspace.AuthArgs{
						Kind:     pulumi.String(nullspace.AuthKindBasic),
						Username: pulumi.String("ci"),
						Password: pulumi.String(registryPassword),
					},
				},
			},
			RebuildOnSecretChange: pulumi.Bool(true),
		})
		if err != nil {
			return err
		}
		return nil
	})
}
