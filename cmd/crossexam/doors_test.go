package main

import (
	"strings"
	"testing"
)

// What makes no sense together is refused alike by a run and by its rehearsal, before
// anybody is contacted.
func TestSenselessTogether(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"--direct --insecure-skip-verify":                        "leave out --direct or --insecure-skip-verify",
		"--direct --browser=ws://127.0.0.1:1":                    "leave out --direct, or name the file of a browser",
		"--browser=ws://127.0.0.1:1 --block-third-party-cookies": "leave out --block-third-party-cookies",
		"--direct --connect-to=http://127.0.0.1:1":               "leave out --direct",
		"--connect-to=127.0.0.1:1 --follow-to-https":             "leave out --follow-to-https",
		"--same-origin":                                                   "--trusted and --same-origin are about the same",
		"--together":                                                      "it is for several credentials",
		"--query={me}":                                                    "give the path of the GraphQL endpoint",
		"--call=eth_accounts":                                             "give the path of the JSON-RPC endpoint",
		"--graphql=/g --query=mutation{a}":                                "only reads",
		"--json-rpc=/ --call=eth_sendTransaction":                         "only reads",
		"--bearer=a --header=Authorization:b":                             "Authorization",
		"--cookie=a=b --cookie-file=/none":                                "--cookie",
		"--trusted=chrome-extension://short":                              "write the 32 letters",
		"--trusted=https://*.example.com --trusted=https://*":             "https://*",
		"--trusted=https://a.example.com --trusted=https://a.example.com": "twice",
		"--expose-headers=Set-Cookie":                                     "Set-Cookie",
		"--label=NONE":                                                    "NONE",
	} {
		t.Run(args, func(t *testing.T) {
			given := append([]string{"test", "https://127.0.0.1:1", "--trusted=https://app.example"}, strings.Fields(args)...)
			run, rehearsal := crossexam(t, nil, given...), crossexam(t, nil, append(given, "--dry-run")...)
			if run.code != 2 || !strings.Contains(run.stderr, says) {
				t.Errorf("a run: exit code %d\n%s", run.code, run.stderr)
			}
			if rehearsal.code != run.code || rehearsal.stderr != run.stderr || rehearsal.stdout != run.stdout {
				t.Errorf("a dry run: exit code %d\n%s%s", rehearsal.code, rehearsal.stderr, rehearsal.stdout)
			}
		})
	}
}
