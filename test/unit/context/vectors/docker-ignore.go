//go:build ignore

// Asks moby's own library about the cases of docker-ignore.json, and writes down what it says. In an empty folder:
//
//	go mod init vectors && go get github.com/moby/patternmatcher@v0.6.0
//	go run docker-ignore.go docker-ignore.json
//
// Cases marked as errors stay so: the library compiles a pattern when it first needs it, and so lets some of them pass.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// A tree (directories end with a slash, parents come first), an ignore file, and what becomes of them.
type vector struct {
	File  string    `json:"file"`
	Paths []string  `json:"paths"`
	Sent  *[]string `json:"sent,omitempty"`
	Error bool      `json:"error,omitempty"`
}

type directory struct {
	path string
	info patternmatcher.MatchInfo
}

// As archive.TarWithOptions walks a tree (moby/go-archive v0.1, Tarballer.Do).
func walk(matcher *patternmatcher.PatternMatcher, paths []string) []string {
	sent := []string{}
	var above []directory
	var skipped []string
next:
	for _, entry := range paths {
		for _, directory := range skipped {
			if strings.HasPrefix(entry, directory) {
				continue next
			}
		}
		isDirectory := strings.HasSuffix(entry, "/")
		path := strings.TrimSuffix(entry, "/")
		for len(above) > 0 && !strings.HasPrefix(path, above[len(above)-1].path+"/") {
			above = above[:len(above)-1]
		}
		var parent patternmatcher.MatchInfo
		if len(above) > 0 {
			parent = above[len(above)-1].info
		}
		isExcluded, info, err := matcher.MatchesUsingParentResults(path, parent)
		if err != nil {
			log.Fatal(err)
		}
		if isDirectory {
			above = append(above, directory{path, info})
		}
		if !isExcluded {
			sent = append(sent, entry)
			continue
		}
		for _, pattern := range matcher.Patterns() {
			if pattern.Exclusion() && strings.HasPrefix(pattern.String()+"/", path+"/") {
				continue next
			}
		}
		if isDirectory {
			skipped = append(skipped, entry)
		}
	}
	return sent
}

func main() {
	file := os.Args[1]
	text, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		log.Fatal(err)
	}
	for i := range vectors {
		if vectors[i].Error {
			continue
		}
		patterns, err := ignorefile.ReadAll(strings.NewReader(vectors[i].File))
		if err != nil {
			log.Fatal(err)
		}
		matcher, err := patternmatcher.New(patterns)
		if err != nil {
			log.Fatal(err)
		}
		sent := walk(matcher, vectors[i].Paths)
		vectors[i].Sent = &sent
	}
	out, err := os.Create(file)
	if err != nil {
		log.Fatal(err)
	}
	defer out.Close()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(vectors); err != nil {
		log.Fatal(err)
	}
}
