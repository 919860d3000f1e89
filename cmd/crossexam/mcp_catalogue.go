package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/crossexam/crossexam/scenarios"
)

type explainArguments struct {
	ID string `json:"id" jsonschema:"ID of a requirement, such as WLD-001"`
}

// explainTool is `crossexam explain`.
func explainTool(_ context.Context, _ *mcp.CallToolRequest, in explainArguments) (*mcp.CallToolResult, any, error) {
	s, ok := scenarios.Find(strings.ToUpper(strings.TrimSpace(in.ID)))
	if !ok {
		return nil, nil, fmt.Errorf("there is no requirement %q; list has them all", clip(in.ID, 100))
	}
	var b strings.Builder
	explain(&b, s)
	return said(b.String()), nil, nil
}

type listArguments struct {
	Family string `json:"family,omitempty" jsonschema:"only this family, such as WLD"`
	Level  string `json:"level,omitempty" jsonschema:"only this level: must, should or info"`
}

// listTool is `crossexam list`.
func listTool(_ context.Context, _ *mcp.CallToolRequest, in listArguments) (*mcp.CallToolResult, any, error) {
	family, level := strings.ToUpper(strings.TrimSpace(in.Family)), strings.ToLower(strings.TrimSpace(in.Level))
	var families, lines []string
	for _, s := range scenarios.Catalogue() {
		if !slices.Contains(families, s.Family()) {
			families = append(families, s.Family())
		}
		if (family == "" || family == s.Family()) && (level == "" || level == string(s.Level)) {
			lines = append(lines, fmt.Sprintf("%s %s %s", s.ID, s.Level, s.Title))
		}
	}
	if len(lines) == 0 {
		return nil, nil, fmt.Errorf("no requirement has the family %q and the level %q; families are %s, and levels must, should and info",
			clip(in.Family, 100), clip(in.Level, 100), strings.Join(families, ", "))
	}
	return said(strings.Join(lines, "\n") + "\n"), nil, nil
}
