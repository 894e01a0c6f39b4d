package main

import (
	"encoding/json"
	"regexp"
	"strings"
)

var (
	goLookup      = regexp.MustCompile(`nullspace\.Lookup(\w+)\(`)
	javaElement   = regexp.MustCompile(`\)\[(\d+)\]`)
	javaNoDefault = regexp.MustCompile(`(= config)\.get\(("[^"]+")\);`)
)

// corrected makes compile what the generators do not get right. The tests compile all of it.
func (file *schemaFile) corrected(language, code string) string {
	switch language {
	case "go":
		// A function that is called getX, where there is a resource X, is LookupX; its arguments are named after it.
		for _, found := range goLookup.FindAllStringSubmatch(code, -1) {
			code = strings.ReplaceAll(code, "nullspace.Get"+found[1]+"Args", "nullspace.Lookup"+found[1]+"Args")
		}
	case "java":
		// Resources have the package's own name, functions and types of inputs are looked for in com.pulumi.
		name := file.spec.Name
		code = strings.ReplaceAll(code, "import com.pulumi."+name+".", "import "+file.javaBasePackage()+"."+name+".")
		// What has elements is a List.
		code = javaElement.ReplaceAllString(code, ").get($1)")
		// A setting without a default has to be there: get answers an Optional, which nothing takes.
		code = javaNoDefault.ReplaceAllString(code, "$1.require($2);")
	}
	return code
}

func (file *schemaFile) javaBasePackage() string {
	var settings struct{ BasePackage string }
	if err := json.Unmarshal(file.spec.Language["java"], &settings); err != nil || settings.BasePackage == "" {
		return "com.pulumi"
	}
	return settings.BasePackage
}
