// Reads Dockerfiles with BuildKit's own parser, for the tests of sdk/dockerfile: on each line of standard input the text
// of one as a JSON string, on each line of standard output what BuildKit makes of it.
package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

type heredoc struct {
	Name    string `json:"name"`
	Content string `json:"content"`
	Expands bool   `json:"expands"`
	Strips  bool   `json:"stripsTabs"`
}

type instruction struct {
	Line     int       `json:"line"`
	EndLine  int       `json:"endLine"`
	Keyword  string    `json:"keyword"`
	Text     string    `json:"text"`
	Flags    []string  `json:"flags"`
	Words    []string  `json:"words"`
	IsJSON   bool      `json:"isJson"`
	Heredocs []heredoc `json:"heredocs"`
	// What the instruction means; nil where BuildKit refuses it.
	Meaning any `json:"meaning"`
}

type dockerfile struct {
	Escape string `json:"escape"`
	Syntax string `json:"syntax"`
	// Why the parser refuses the text; the instructions are missing then.
	ParseError string `json:"parseError"`
	// Why the instructions that were parsed are refused.
	Error        string        `json:"error"`
	Instructions []instruction `json:"instructions"`
}

// A comment may hold a setting for the linter, and without one BuildKit falls over it.
var lint = linter.New(&linter.Config{})

func main() {
	input := bufio.NewReader(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	output.SetEscapeHTML(false)
	for {
		line, err := input.ReadString('\n')
		if err == io.EOF {
			return
		}
		var text string
		if err == nil {
			err = json.Unmarshal([]byte(line), &text)
		}
		if err == nil {
			err = output.Encode(read(text))
		}
		if err != nil {
			panic(err)
		}
	}
}

func read(text string) dockerfile {
	answer := dockerfile{Instructions: []instruction{}}
	answer.Syntax, _, _, _ = parser.DetectSyntax([]byte(text))
	parsed, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		answer.ParseError = err.Error()
		return answer
	}
	answer.Escape = string(parsed.EscapeToken)
	for _, node := range parsed.AST.Children {
		answer.Instructions = append(answer.Instructions, describe(node))
	}
	if _, _, err := instructions.Parse(parsed.AST, lint); err != nil {
		answer.Error = err.Error()
	}
	return answer
}

func describe(node *parser.Node) instruction {
	one := instruction{
		Line:     node.StartLine,
		EndLine:  node.EndLine,
		Keyword:  strings.ToUpper(node.Value),
		Text:     node.Original,
		Flags:    append([]string{}, node.Flags...),
		Words:    []string{},
		IsJSON:   node.Attributes["json"],
		Heredocs: []heredoc{},
	}
	for word := node.Next; word != nil; word = word.Next {
		if len(word.Children) == 0 {
			one.Words = append(one.Words, word.Value)
		}
	}
	for _, each := range node.Heredocs {
		one.Heredocs = append(one.Heredocs, heredoc{each.Name, each.Content, each.Expand, each.Chomp})
	}
	if command, err := instructions.ParseInstructionWithLinter(node, lint); err == nil {
		one.Meaning = meaning(command)
	}
	return one
}

func meaning(command any) any {
	switch one := command.(type) {
	case *instructions.Stage:
		return map[string]any{"base": one.BaseName, "name": one.Name, "platform": one.Platform}
	case *instructions.ArgCommand:
		return one.Args
	case *instructions.EnvCommand:
		return one.Env
	case *instructions.CopyCommand:
		return sources(one.SourcesAndDest, one.From)
	case *instructions.AddCommand:
		return sources(one.SourcesAndDest, "")
	default:
		return map[string]any{}
	}
}

func sources(read instructions.SourcesAndDest, from string) any {
	return map[string]any{
		"from":     from,
		"paths":    append([]string{}, read.SourcePaths...),
		"contents": append([]instructions.SourceContent{}, read.SourceContents...),
		"target":   read.DestPath,
	}
}
