package main

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	java "github.com/pulumi/pulumi-java/pkg/codegen/java"
	yaml "github.com/pulumi/pulumi-yaml/pkg/pulumiyaml/codegen"
	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
)

type programGenerator func(*pcl.Program) (map[string][]byte, hcl.Diagnostics, error)

// By the names of fenced code blocks in the Registry.
var programGenerators = map[string]programGenerator{
	"typescript": nodejs.GenerateProgram,
	"python":     python.GenerateProgram,
	"go":         golang.GenerateProgram,
	"csharp":     dotnet.GenerateProgram,
	"java":       java.GenerateProgram,
	"yaml":       yaml.GenerateProgram,
}

// translate makes of each program, in Pulumi's own language PCL, one in every other language.
func translate(schemaPath string, programs map[string]string) (map[string]map[string]string, error) {
	file, err := readSchema(schemaPath)
	if err != nil {
		return nil, err
	}
	translated := map[string]map[string]string{}
	var failures []error
	for _, name := range sorted(programs) {
		translated[name] = map[string]string{}
		for _, language := range sorted(programGenerators) {
			// A program each: the generators change the one that they are given.
			program, err := bindProgram(name, programs[name], file, bindOptions(language))
			if err != nil {
				failures = append(failures, err)
				break
			}
			files, diagnostics, err := programGenerators[language](program)
			if err == nil {
				err = everyDiagnostic(name+" in "+language, diagnostics)
			}
			if err == nil && len(files) != 1 {
				err = fmt.Errorf("%s in %s: %d files, where one was expected", name, language, len(files))
			}
			if err != nil {
				failures = append(failures, err)
			}
			for _, code := range files {
				text := strings.TrimSpace(string(code)) + "\n"
				translated[name][language] = file.corrected(language, text)
			}
		}
	}
	return translated, errors.Join(failures...)
}

// bindOptions asks for the functions that give outputs, which programs in Java and C# need to get at what is in a result.
// What the generator for Go makes of such a function does not compile.
func bindOptions(language string) []pcl.BindOption {
	if language == "go" {
		return nil
	}
	return []pcl.BindOption{pcl.PreferOutputVersionedInvokes}
}

// bindProgram checks every name and type against the schema.
func bindProgram(name, text string, loader *schemaFile, options []pcl.BindOption) (*pcl.Program, error) {
	parser := syntax.NewParser()
	if err := parser.ParseFile(strings.NewReader(text), name+".pp"); err != nil {
		return nil, err
	}
	if err := everyDiagnostic(name, parser.Diagnostics); err != nil {
		return nil, err
	}
	program, diagnostics, err := pcl.BindProgram(parser.Files, append(options, pcl.Loader(loader))...)
	if err == nil {
		err = everyDiagnostic(name, diagnostics)
	}
	return program, err
}

func sorted[Value any](values map[string]Value) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
