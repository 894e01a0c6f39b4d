package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// schemaFile is a loader that knows one package, whose schema is a file: nothing is looked for on the network.
type schemaFile struct{ spec schema.PackageSpec }

func readSchema(path string) (*schemaFile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file := &schemaFile{}
	if err := json.Unmarshal(text, &file.spec); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}

// bind makes the package anew: every code generator changes the one that it is given.
func (file *schemaFile) bind() (*schema.Package, error) {
	pkg, diagnostics, err := schema.BindSpec(file.spec, file, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	return pkg, everyDiagnostic("schema", diagnostics)
}

func (file *schemaFile) LoadPackage(name string, _ *semver.Version) (*schema.Package, error) {
	if name == schema.DefaultPulumiPackage.Name {
		return schema.DefaultPulumiPackage, nil // StackReference is part of it.
	}
	if name != file.spec.Name {
		return nil, fmt.Errorf("no package %q here, only %q", name, file.spec.Name)
	}
	return file.bind()
}

func (file *schemaFile) LoadPackageV2(_ context.Context, asked *schema.PackageDescriptor) (*schema.Package, error) {
	return file.LoadPackage(asked.Name, asked.Version)
}

func (file *schemaFile) LoadPackageReference(name string, version *semver.Version) (schema.PackageReference, error) {
	pkg, err := file.LoadPackage(name, version)
	if err != nil {
		return nil, err
	}
	return pkg.Reference(), nil
}

func (file *schemaFile) LoadPackageReferenceV2(
	_ context.Context, asked *schema.PackageDescriptor,
) (schema.PackageReference, error) {
	return file.LoadPackageReference(asked.Name, asked.Version)
}
