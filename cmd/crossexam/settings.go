package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/crossexam/crossexam/target"
)

// precedence is the rule by which a value is found, for help texts.
const precedence = `A value is taken from the flag, else from the CROSSEXAM_* variable, else from
the file of --config, else from the preset, else it is the default.`

// A setting is an entry of the configuration that a flag or a variable of the
// environment can override.
type setting struct {
	entry    string // of crossexam.yaml; empty for what is in none
	flag     string // empty for none
	variable string // empty for none
	split    bool   // the variable holds several values, separated by blanks or commas
	kind     any    // zero value of the flag: string, []string or bool
	usage    string
	set      func(c *target.Config, values []string) error
}

func settings() []setting {
	text := func(at func(*target.Config) *string) func(*target.Config, []string) error {
		return func(c *target.Config, v []string) error { *at(c) = v[0]; return nil }
	}
	list := func(at func(*target.Config) *[]string) func(*target.Config, []string) error {
		return func(c *target.Config, v []string) error { *at(c) = v; return nil }
	}
	// An empty list says that there are none; without the flag nothing is said.
	names := func(at func(*target.Config) *[]string) func(*target.Config, []string) error {
		return func(c *target.Config, v []string) error {
			list := strings.FieldsFunc(strings.Join(v, ","), func(r rune) bool { return r == ',' || r == ' ' })
			if len(list) == 1 && list[0] == "none" {
				list = nil
			} else if len(list) == 0 {
				return errors.New("it is empty: give names with commas between, or none")
			}
			*at(c) = append([]string{}, list...)
			return nil
		}
	}
	flag := func(at func(*target.Config) *bool) func(*target.Config, []string) error {
		return func(c *target.Config, v []string) (err error) {
			if *at(c), err = strconv.ParseBool(v[0]); err != nil {
				err = fmt.Errorf("%q is neither true nor false", v[0])
			}
			return err
		}
	}
	cookies := func(c *target.Config) *[]string { return &c.Credentials.Cookies }
	basic := func(c *target.Config) *string { return &c.Credentials.Basic }
	bearer := func(c *target.Config) *string { return &c.Credentials.Bearer }
	keys := func(c *target.Config, lines []string) (err error) {
		c.Credentials.Headers, err = target.ParseHeaders(lines)
		return err
	}
	queryKeys := func(c *target.Config, lines []string) (err error) {
		c.Credentials.Query, err = target.ParseQueryKeys(lines)
		return err
	}
	inFile := func(set func(*target.Config, []string) error) func(*target.Config, []string) error {
		return func(c *target.Config, v []string) error {
			lines, err := secretLines(v[0])
			if err != nil {
				return err
			}
			return set(c, lines)
		}
	}
	certificate := func(c *target.Config) *target.ClientCertificateConfig {
		if c.Credentials.ClientCertificate == nil {
			c.Credentials.ClientCertificate = &target.ClientCertificateConfig{}
		}
		return c.Credentials.ClientCertificate
	}
	certPassword := func(c *target.Config) *string { return &certificate(c).Password }
	firstLine := func(set func(*target.Config, []string) error) func(*target.Config, []string) error {
		return func(c *target.Config, v []string) error {
			lines, err := secretLines(v[0])
			if err == nil && len(lines) > 1 {
				err = fmt.Errorf("%s has %d lines, and the secret is one", v[0], len(lines))
			}
			if err != nil {
				return err
			}
			return set(c, lines)
		}
	}
	return []setting{
		{"trusted", "trusted", "CROSSEXAM_TRUSTED", true, []string{}, "`ORIGIN` that may read the API, https://app.example.com or https://*.example.com; may be repeated",
			list(func(c *target.Config) *[]string { return &c.Trusted })},
		{"trusted", "same-origin", "", false, false, "no origin but the API's own is trusted",
			func(c *target.Config, v []string) error {
				if v[0] != "true" {
					return errors.New("leave it out, or name the trusted origins with --trusted")
				}
				c.Trusted = []string{}
				return nil
			}},
		{"read", "read", "CROSSEXAM_READ", true, []string{}, "`PATH` of a private endpoint to read; may be repeated (default: what is discovered, else /)",
			list(func(c *target.Config) *[]string { return &c.Reads })},
		{"policy.methods", "allow-methods", "CROSSEXAM_ALLOW_METHODS", true, []string{}, "`METHODS` that the front end uses, with commas between, or none", names(func(c *target.Config) *[]string { return &c.Policy.Methods })},
		{"policy.headers", "allow-headers", "CROSSEXAM_ALLOW_HEADERS", true, []string{}, "request `HEADERS` that the front end sets, with commas between, or none", names(func(c *target.Config) *[]string { return &c.Policy.Headers })},
		{"policy.exposed", "expose-headers", "CROSSEXAM_EXPOSE_HEADERS", true, []string{}, "response `HEADERS` that the front end reads, with commas between, or none", names(func(c *target.Config) *[]string { return &c.Policy.Exposed })},
		{"graphql.path", "graphql", "CROSSEXAM_GRAPHQL", false, "", "`PATH` of a GraphQL endpoint to read by POST, such as /graphql",
			text(func(c *target.Config) *string { return &c.GraphQL.Path })},
		{"graphql.query", "query", "CROSSEXAM_QUERY", false, "", "GraphQL `QUERY` for what only the victim gets, such as \"{ me { email } }\" (default { __typename })",
			text(func(c *target.Config) *string { return &c.GraphQL.Query })},
		{"json_rpc.path", "json-rpc", "CROSSEXAM_JSON_RPC", false, "", "`PATH` of a JSON-RPC or MCP endpoint to read by POST, such as /mcp, or / where it has none",
			text(func(c *target.Config) *string { return &c.JSONRPC.Path })},
		{"json_rpc.call", "call", "CROSSEXAM_CALL", false, "", "`CALL` of JSON-RPC that only reads, such as eth_accounts (default tools/list at /mcp, else rpc.discover)",
			text(func(c *target.Config) *string { return &c.JSONRPC.Call })},
		{"openapi", "openapi", "CROSSEXAM_OPENAPI", false, "", "OpenAPI document, `FILE|URL` on the target's host, or none for no discovery",
			text(func(c *target.Config) *string { return &c.OpenAPI })},
		{"exclude", "exclude", "CROSSEXAM_EXCLUDE", true, []string{}, "`PATTERN` of paths that discovery leaves alone, such as /admin/*; may be repeated",
			list(func(c *target.Config) *[]string { return &c.Exclude })},
		{"examine", "examine", "CROSSEXAM_EXAMINE", false, "", "examine `N` private endpoints in whole (default 8); the others are asked by header",
			func(c *target.Config, v []string) (err error) {
				if c.Examine, err = strconv.Atoi(v[0]); err != nil || c.Examine < 1 {
					err = fmt.Errorf("%q is not a number of endpoints: write 1 or more", v[0])
				}
				return err
			}},
		{"credentials.cookies", "cookie", "CROSSEXAM_COOKIE", false, []string{}, "in `SET-COOKIE` syntax; may be repeated", list(cookies)},
		{"credentials.cookies", "cookie-file", "", false, "", "`FILE` with such lines, or - for standard input",
			func(c *target.Config, v []string) (err error) {
				c.Credentials.Cookies, err = secretLines(v[0])
				return err
			}},
		{"credentials.storage_state", "storage-state", "CROSSEXAM_STORAGE_STATE", false, "", "Playwright storage state `FILE` with the victim's cookies",
			text(func(c *target.Config) *string { return &c.Credentials.StorageState })},
		{"credentials.basic", "basic", "CROSSEXAM_BASIC", false, "", "HTTP authentication of the victim, `USER:PASSWORD`", text(basic)},
		{"credentials.basic", "basic-file", "", false, "", "`FILE` with USER:PASSWORD, or - for standard input", firstLine(text(basic))},
		{"credentials.bearer", "bearer", "CROSSEXAM_BEARER", false, "", "`TOKEN` that the trusted front end sends as Bearer", text(bearer)},
		{"credentials.bearer", "bearer-file", "", false, "", "`FILE` with the token, or - for standard input", firstLine(text(bearer))},
		{"credentials.headers", "header", "", false, []string{}, "secret header of the front end, `NAME: VALUE`", keys},
		{"credentials.headers", "header-file", "", false, "", "`FILE` with such headers, a line each, or - for standard input", inFile(keys)},
		// A value may have blanks and commas in it, and no line break.
		{"credentials.headers", "", "CROSSEXAM_HEADER", false, "", "", func(c *target.Config, v []string) error { return keys(c, strings.Split(strings.TrimSpace(v[0]), "\n")) }},
		{"credentials.query", "query-key", "", false, []string{}, "secret key that the front end adds to URLs, `NAME=VALUE`", queryKeys},
		{"credentials.query", "query-key-file", "", false, "", "`FILE` with such keys, a line each, or - for standard input", inFile(queryKeys)},
		{"credentials.query", "", "CROSSEXAM_QUERY_KEY", false, "", "", func(c *target.Config, v []string) error {
			return queryKeys(c, strings.Split(strings.TrimSpace(v[0]), "\n"))
		}},
		{"credentials.together", "together", "", false, false, "the API wants all of these credentials in one request (by default each is tried alone)",
			flag(func(c *target.Config) *bool { return &c.Credentials.Together })},
		{"credentials.client_certificate.file", "client-cert", "CROSSEXAM_CLIENT_CERT", false, "", "PKCS#12 `FILE` with the victim's TLS client certificate and its key",
			text(func(c *target.Config) *string { return &certificate(c).File })},
		{"credentials.client_certificate.password", "client-cert-password-file", "", false, "", "`FILE` with the password of the client certificate, or - for standard input", firstLine(text(certPassword))},
		// On a command line others could read it.
		{"credentials.client_certificate.password", "", "CROSSEXAM_CLIENT_CERT_PASSWORD", false, "", "", text(certPassword)},
		{"allow_writes", "allow-writes", "", false, false, "let writes to the endpoints that the configuration names reach the target",
			flag(func(c *target.Config) *bool { return &c.AllowWrites })},
		{"insecure_skip_verify", "insecure-skip-verify", "", false, false, "accept any certificate of the target",
			flag(func(c *target.Config) *bool { return &c.InsecureSkipVerify })},
		{"direct", "direct", "", false, false, "have the browser talk to the target itself, with less evidence",
			flag(func(c *target.Config) *bool { return &c.Direct })},
		{"follow_to_https", "follow-to-https", "", false, false, "where the target redirects to https:// on its host, examine that",
			flag(func(c *target.Config) *bool { return &c.FollowToHTTPS })},
		{"connect_to", "connect-to", "CROSSEXAM_CONNECT_TO", false, "", "`HOST:PORT` where the API is, whatever host its URL names; http://HOST:PORT where a proxy before it ends TLS",
			text(func(c *target.Config) *string { return &c.ConnectTo })},
		{"limits.requests_per_second", "rate", "CROSSEXAM_RATE", false, "", "at most `N` requests a second (default 20, and no limit on loopback)",
			func(c *target.Config, v []string) (err error) {
				if c.Limits.RequestsPerSecond, err = strconv.ParseFloat(v[0], 64); err != nil || !(c.Limits.RequestsPerSecond > 0) || math.IsInf(c.Limits.RequestsPerSecond, 1) {
					err = fmt.Errorf("%q is not a number of requests a second: write more than 0, such as 5, or leave it out for the default", v[0])
				}
				return err
			}},
		{"limits.concurrency", "concurrency", "CROSSEXAM_CONCURRENCY", false, "", "at most `N` requests under way at once (default: as many as a browser makes, six a page)",
			func(c *target.Config, v []string) (err error) {
				if c.Limits.Concurrency, err = strconv.Atoi(v[0]); err != nil || c.Limits.Concurrency < 1 {
					err = fmt.Errorf("%q is not a number of requests: write 1 or more", v[0])
				}
				return err
			}},
		{"limits.header_timeout", "header-timeout", "CROSSEXAM_HEADER_TIMEOUT", false, "", "`TIME` that the API may take until it begins an answer, such as 30s (default 10s)",
			func(c *target.Config, v []string) (err error) {
				if c.Limits.Header, err = time.ParseDuration(v[0]); err != nil || c.Limits.Header <= 0 {
					err = fmt.Errorf("%q is not a time: write it like 30s", v[0])
				}
				return err
			}},
		{"limits.timeout", "timeout", "CROSSEXAM_TIMEOUT", false, "", "`TIME` that the whole run may take, such as 10m (default 1h); then it ends with a report of what was judged, and exit code 3",
			func(c *target.Config, v []string) (err error) {
				if c.Limits.Run, err = time.ParseDuration(v[0]); err != nil || c.Limits.Run <= 0 {
					err = fmt.Errorf("%q is not a time: write it like 10m", v[0])
				}
				return err
			}},
		{"startup_log", "startup-log", "CROSSEXAM_STARTUP_LOG", false, "", "`FILE` with what the API logged at its start, or - for standard input",
			func(c *target.Config, v []string) error {
				// How to read it stays as the file says.
				c.StartupLog.File, c.StartupLog.Command = v[0], nil
				return nil
			}},
		{"preset", "preset", "CROSSEXAM_PRESET", false, "", "`NAME` of the application, which completes what is left out: " + target.PresetNames(),
			text(func(c *target.Config) *string { return &c.Preset })},
		{"accepted", "accepted", "CROSSEXAM_ACCEPTED", false, "", "`FILE` with accepted deviations, which do not fail the run",
			text(func(c *target.Config) *string { return &c.Accepted })},
		{"browser.path", "browser", "", false, "", "`PATH` of Chrome or Chromium, or the address of one that runs already, such as ws://127.0.0.1:9222",
			text(func(c *target.Config) *string { return &c.Browser.Path })},
		{"browser.user_agent", "user-agent", "CROSSEXAM_USER_AGENT", false, "", "`TEXT` that the browser and Crossexam say they are (default: as Chrome does that has a window)",
			text(func(c *target.Config) *string { return &c.Browser.UserAgent })},
		{"browser.block_third_party_cookies", "block-third-party-cookies", "", false, false, "have the browser block third-party cookies",
			flag(func(c *target.Config) *bool { return &c.Browser.BlockThirdPartyCookies })},
	}
}

// inFlags is a sentence that names flags in the place of entries of the
// configuration.
func inFlags(sentence string) string {
	return target.InWords(sentence, func(entry string) string {
		switch entry {
		case "trusted: []":
			return "--same-origin"
		case "credentials":
			return "--cookie-file, --basic-file, --bearer-file, --client-cert or --storage-state"
		}
		return flagOf(entry)
	})
}

// flagOf is the flag that overrides an entry of the configuration, the first where there
// are several; it is empty for none.
func flagOf(entry string) string {
	for _, s := range settings() {
		if s.entry == entry && s.flag != "" {
			return "--" + s.flag
		}
	}
	return ""
}

// variables lists the variables of the environment, wrapped for a help text.
func variables() string {
	var names []string
	for _, s := range settings() {
		if s.variable != "" {
			names = append(names, s.variable)
		}
	}
	return wrap(strings.Join(append(names, "CROSSEXAM_CONFIG", "CROSSEXAM_BROWSER"), ", "), "")
}

// addSettings gives a command the flags of the settings.
func addSettings(f *pflag.FlagSet) {
	for _, s := range settings() {
		if s.flag == "" {
			continue
		}
		switch s.kind.(type) {
		case []string:
			f.StringArray(s.flag, nil, s.usage)
		case bool:
			f.Bool(s.flag, false, s.usage)
		default:
			f.String(s.flag, "", s.usage)
		}
	}
	f.String("config", "", "configuration `FILE`, a crossexam.yaml")
}

// configured gives the configuration: the file, what the environment says instead
// and what the command line says instead of both. args is the target's URL, or empty.
func configured(f *pflag.FlagSet, args []string) (target.Config, error) {
	var c target.Config
	var errs []error
	file := f.Lookup("config").Value.String()
	if file == "" {
		file = os.Getenv("CROSSEXAM_CONFIG")
	}
	if file != "" {
		var err error
		if c, err = target.LoadConfig(file); err != nil {
			return c, err
		}
	}
	switch fromEnvironment := os.Getenv("CROSSEXAM_TARGET"); {
	case len(args) > 0:
		c.URL = args[0]
		c.Override("target", "")
	case fromEnvironment != "":
		c.URL = fromEnvironment
		c.Override("target", "CROSSEXAM_TARGET")
	}
	given := map[string]string{} // the flag by entry
	stdin := ""
	for _, s := range settings() {
		if s.flag == "" || !f.Changed(s.flag) {
			continue
		}
		if other := given[s.entry]; other != "" {
			errs = append(errs, fmt.Errorf("--%s and --%s are about the same: give only one of them", other, s.flag))
			continue
		}
		given[s.entry] = s.flag
		values := flagValues(f, s)
		if (strings.HasSuffix(s.flag, "-file") || s.flag == "startup-log") && values[0] == "-" {
			if stdin != "" {
				errs = append(errs, fmt.Errorf("--%s and --%s cannot both be standard input: give a file for one of them", stdin, s.flag))
				continue
			}
			stdin = s.flag
		}
		if err := s.set(&c, values); err != nil {
			errs = append(errs, fmt.Errorf("--%s: %w", s.flag, err))
		}
		c.Override(s.entry, "")
	}
	for _, s := range settings() {
		value := os.Getenv(s.variable)
		if s.variable == "" || value == "" || given[s.entry] != "" {
			continue
		}
		values := []string{value}
		if s.split {
			values = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
		}
		if err := s.set(&c, values); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.variable, err))
		}
		c.Override(s.entry, s.variable)
	}
	if err := c.NamedByHost(); err != nil {
		errs = append(errs, fmt.Errorf("--header: %w", err))
	}
	if os.Getenv("CROSSEXAM_BROWSER") != "" && !f.Changed("browser") {
		// The search for the browser takes it from there, and names it.
		c.Browser.Path = ""
	}
	return c, errors.Join(errs...)
}

func flagValues(f *pflag.FlagSet, s setting) []string {
	if _, several := s.kind.([]string); several {
		if values, err := f.GetStringArray(s.flag); err == nil {
			return values
		}
	}
	return []string{f.Lookup(s.flag).Value.String()}
}

// secretLimit bounds what is read of a file with secrets, in bytes.
const secretLimit = 64 << 10

// secretLines reads a file with secrets, a line each; - is standard input.
func secretLines(path string) ([]string, error) {
	in := os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, secretLimit+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > secretLimit:
		return nil, fmt.Errorf("%s is larger than %d bytes", path, secretLimit)
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	return lines, nil
}
