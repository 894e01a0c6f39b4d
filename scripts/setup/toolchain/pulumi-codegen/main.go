// pulumi-codegen makes what Pulumi's own code generators make of a package schema.
//
//	pulumi-codegen sdk SCHEMA LOGO OUT   SDKs for Node, Python, Go, .NET and Java: a folder each in OUT; LOGO is a PNG
//	pulumi-codegen examples SCHEMA       reads {"name": "program in PCL"} from the standard input and prints
//	                                     {"name": {"typescript": "...", "python": "...", "go": ..., "csharp": ..., "java": ...}}
//
// A warning is an error: the exit code is then 1, and the standard error names each.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/hashicorp/hcl/v2"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 4 && args[0] == "sdk":
		return writeSdks(args[1], args[2], args[3])
	case len(args) == 2 && args[0] == "examples":
		programs := map[string]string{}
		if err := json.NewDecoder(os.Stdin).Decode(&programs); err != nil {
			return fmt.Errorf("the standard input is not an object of programs: %w", err)
		}
		translated, err := translate(args[1], programs)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(translated)
	}
	return errors.New("usage: pulumi-codegen sdk SCHEMA LOGO OUT | pulumi-codegen examples SCHEMA < programs.json")
}

// everyDiagnostic counts warnings as errors, and names all of them.
func everyDiagnostic(what string, diagnostics hcl.Diagnostics) error {
	var all []error
	for _, diagnostic := range diagnostics {
		all = append(all, fmt.Errorf("%s: %w", what, diagnostic))
	}
	return errors.Join(all...)
}
