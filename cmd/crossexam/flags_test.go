package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// No flag of any command takes an empty value, as a variable that is not set leaves it:
// what it was to say would be lost, and the verdict would be about something else.
func TestNoFlagIsEmpty(t *testing.T) {
	var count int
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() == "bool" {
				return
			}
			count++
			if err := f.Value.Set(" "); err == nil || !strings.Contains(err.Error(), "it is empty") {
				t.Errorf("%s --%s: %v", c.CommandPath(), f.Name, err)
			}
		})
		for _, below := range c.Commands() {
			walk(below)
		}
	}
	walk(rootCommand())
	if count < 60 {
		t.Errorf("only %d flags", count)
	}
}

func TestValuesOfFlags(t *testing.T) {
	t.Parallel()
	least := []string{"test", "http://127.0.0.1:1", "--trusted=https://app.example.com", "--read=/a", "--dry-run"}
	for args, says := range map[string]string{
		"--cookie=":                   "--cookie: it is empty",
		"--graphql=/a --graphql=/b":   "--graphql: it is given twice",
		"--bearer=s3cret --bearer=b":  "--bearer: it is given twice",
		"--label=WLD --label=ORG":     "--label: it is given twice",
		"--read=/a":                   "GET /a is given twice",
		"--same-origin=maybe":         `--same-origin: "maybe" cannot be used: write true or false`,
		"--rate=0":                    `"0" is not a number of requests a second: write more than 0`,
		"--rate=NaN":                  "write more than 0",
		"--rate=Inf":                  "write more than 0",
		"--rate=fast":                 "write more than 0",
		"--report-mode=9":             "--report-mode: write three octal digits",
		"--quiet --verbose":           "--quiet and --verbose exclude each other",
		"--graphql=/g --query=@q.gql": "this is not GraphQL",
	} {
		r := crossexam(t, nil, append(least[:len(least):len(least)], strings.Fields(args)...)...)
		r.expect(t, 2, says)
		if strings.Contains(r.stderr, "s3cret") {
			t.Errorf("%s: a secret is repeated: %s", args, r.stderr)
		}
	}
	// Lists, and yes or no, may be said several times.
	crossexam(t, nil, append(least, "--trusted=https://b.example.com", "--read=/b", "--direct", "--direct")...).expect(t, 0)
}
