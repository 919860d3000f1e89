package target

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// reference finds ${...} in a text, and the $${ that stands for ${.
var reference = regexp.MustCompile(`\$\$\{|\$\{([^}]*)\}?`)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand puts into the texts of the credentials what they refer to.
func (c *CredentialsConfig) expand(folder string, from *provenance, s surroundings) Problems {
	var ps Problems
	one := func(entry, text string) (string, bool) {
		value, referred, err := expand(text, folder, s)
		if err != nil {
			ps = append(ps, from.problemHere("credentials."+entry, err))
		}
		return value, referred
	}
	for i := range c.Cookies {
		c.Cookies[i], _ = one(fmt.Sprintf("cookies[%d]", i), c.Cookies[i])
	}
	c.Basic, _ = one("basic", c.Basic)
	c.Bearer, _ = one("bearer", c.Bearer)
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		c.Headers[name], _ = one("headers."+name, c.Headers[name])
	}
	for _, name := range slices.Sorted(maps.Keys(c.Query)) {
		c.Query[name], _ = one("query."+name, c.Query[name])
	}
	if c.ClientCertificate != nil {
		c.ClientCertificate.Password, _ = one("client_certificate.password", c.ClientCertificate.Password)
	}
	if c.Login == nil {
		return ps
	}
	secret := func(entry, text string) string {
		value, referred := one(entry, text)
		if referred && value != "" {
			c.Login.secrets = append(c.Login.secrets, value)
		}
		return value
	}
	for _, name := range slices.Sorted(maps.Keys(c.Login.Form)) {
		c.Login.Form[name] = secret("login.form."+name, c.Login.Form[name])
	}
	for _, name := range slices.Sorted(maps.Keys(c.Login.JSON)) {
		c.Login.JSON[name] = expandJSON("login.json."+name, c.Login.JSON[name], secret)
	}
	return ps
}

// expand puts into the environment of the programs what its texts refer to.
func (l *LaunchConfig) expand(folder string, from *provenance, s surroundings) Problems {
	var ps Problems
	for _, name := range slices.Sorted(maps.Keys(l.Env)) {
		value, referred, err := expand(l.Env[name], folder, s)
		if err != nil {
			ps = append(ps, from.problemHere("launch.env."+name, err))
		}
		if referred && value != "" {
			l.secrets = append(l.secrets, value)
		}
		l.Env[name] = value
	}
	return ps
}

func expandJSON(entry string, v any, secret func(entry, text string) string) any {
	switch v := v.(type) {
	case string:
		return secret(entry, v)
	case []any:
		for i := range v {
			v[i] = expandJSON(fmt.Sprintf("%s[%d]", entry, i), v[i], secret)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			v[name] = expandJSON(entry+"."+name, v[name], secret)
		}
	}
	return v
}

// expand replaces the references in a text. referred tells whether there were
// any. The errors name the reference and never a value.
func expand(text, folder string, s surroundings) (value string, referred bool, err error) {
	var errs []error
	value = reference.ReplaceAllStringFunc(text, func(match string) string {
		if match == "$${" {
			return "${"
		}
		referred = true
		name, closed := strings.CutSuffix(match[2:], "}")
		got, err := s.resolve(name, folder)
		if !closed {
			err = errors.New("a ${ has no } after it: write ${NAME} or ${file:PATH}, and $${ for the characters themselves")
		}
		if err != nil {
			errs = append(errs, err)
		}
		return got
	})
	return value, referred, errors.Join(errs...)
}

func (s surroundings) resolve(name, folder string) (string, error) {
	path, isFile := strings.CutPrefix(name, "file:")
	switch {
	case isFile && path == "":
		return "", errors.New("${file:} names no file: write ${file:PATH}")
	case isFile:
		data, err := s.read(within(folder, path))
		if err != nil {
			return "", fmt.Errorf("${file:%s} cannot be read: %w", path, err)
		}
		// Editors and echo end a file with a line break.
		value := strings.TrimRight(string(data), "\r\n")
		if value == "" {
			return "", fmt.Errorf("${file:%s} is an empty file", path)
		}
		return value, nil
	case !variableName.MatchString(name):
		return "", errors.New("what stands between ${ and } is no name: write ${NAME} or ${file:PATH}, and $${ for the characters themselves")
	}
	value, ok := s.lookup(name)
	switch {
	case !ok:
		return "", fmt.Errorf("the variable %s is not set in the environment: export it, or write ${file:PATH}", name)
	case value == "":
		return "", fmt.Errorf("the variable %s is empty in the environment", name)
	}
	return value, nil
}
