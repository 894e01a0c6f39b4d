package main

import (
	"path"
	"regexp"
	"strings"
)

// The generators for Node and Python ask filepath.Rel for the way from a folder to the root of the package, and take the
// folder of the answer. That was right up to Go 1.25, which answers "../."; since Go 1.26 the answer is "..", and imports of
// what is in the root look for it beside the file. Nothing is changed where they are right.

var nodeImport = regexp.MustCompile(`from "\./([^"]+)"`)

// withNodeRootImports corrects files that are not in the root folder.
func withNodeRootImports(files map[string][]byte) {
	exists := func(name string) bool {
		return files[name+".ts"] != nil || files[name+"/index.ts"] != nil
	}
	for name, text := range files {
		folder := path.Dir(name)
		if folder == "." || !strings.HasSuffix(name, ".ts") {
			continue
		}
		up := strings.Repeat("../", strings.Count(folder, "/")+1)
		files[name] = nodeImport.ReplaceAllFunc(text, func(found []byte) []byte {
			target := string(nodeImport.FindSubmatch(found)[1])
			if exists(path.Join(folder, target)) || !exists(target) {
				return found
			}
			return []byte(`from "` + up + target + `"`)
		})
	}
}

const pythonUtilities = "_utilities"

var pythonSource = regexp.MustCompile(`\.pyi?$`)

// withPythonRootImports corrects files that are not in the package's own folder, the one that has _utilities.py.
func withPythonRootImports(files map[string][]byte) {
	for name, text := range files {
		folder := path.Dir(name)
		if !pythonSource.MatchString(name) || files[path.Join(folder, pythonUtilities+".py")] != nil {
			continue
		}
		up := strings.Repeat(".", strings.Count(folder, "/")+1)
		files[name] = []byte(strings.ReplaceAll(string(text),
			"from . import "+pythonUtilities, "from "+up+" import "+pythonUtilities))
	}
}
