package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	java "github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// What the generated files say they were made by.
const tool = "pulumi-codegen"

type sdkGenerator func(pkg *schema.Package, loader schema.ReferenceLoader) (map[string][]byte, error)

// By the names that `pulumi package gen-sdk --language` has for them.
var sdkGenerators = map[string]sdkGenerator{
	"nodejs": func(pkg *schema.Package, loader schema.ReferenceLoader) (map[string][]byte, error) {
		files, err := nodejs.GeneratePackage(tool, pkg, nil, nil, false, loader)
		withNodeRootImports(files)
		return files, err
	},
	"python": func(pkg *schema.Package, loader schema.ReferenceLoader) (map[string][]byte, error) {
		files, err := python.GeneratePackage(tool, pkg, nil, loader)
		withPythonRootImports(files)
		return files, err
	},
	"go": func(pkg *schema.Package, _ schema.ReferenceLoader) (map[string][]byte, error) {
		return golang.GeneratePackage(tool, pkg, nil)
	},
	"dotnet": func(pkg *schema.Package, _ schema.ReferenceLoader) (map[string][]byte, error) {
		return dotnet.GeneratePackage(tool, pkg, nil, nil)
	},
	"java": func(pkg *schema.Package, _ schema.ReferenceLoader) (map[string][]byte, error) {
		return java.GeneratePackage(tool, pkg, nil, nil, false, false)
	},
}

func writeSdks(schemaPath, logoPath, out string) error {
	file, err := readSchema(schemaPath)
	if err != nil {
		return err
	}
	// The generator for .NET downloads the logo, whatever the answer is, and names it logo.png: NuGet shows no SVG.
	logo := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		http.ServeFile(response, request, logoPath)
	}))
	defer logo.Close()
	for language, generate := range sdkGenerators {
		pkg, err := file.bind()
		if err != nil {
			return err
		}
		if language == "dotnet" {
			pkg.LogoURL = logo.URL
		}
		files, err := generate(pkg, file)
		if err != nil {
			return fmt.Errorf("%s: %w", language, err)
		}
		for name, text := range files {
			path := filepath.Join(out, language, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(path, text, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
