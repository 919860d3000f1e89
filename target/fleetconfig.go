package target

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target/bounded"
)

// pretended are surroundings in which every name stands for something, so that all but
// the secrets can be checked where they are not.
var pretended = surroundings{
	lookup: func(string) (string, bool) { return pretendedSecret, true },
	read:   func(string) ([]byte, error) { return []byte(pretendedSecret), nil },
}

// pretendedSecret is a password, a token, USER:PASSWORD, and a whole cookie.
const pretendedSecret = "user=pretended:pretended"

// ParseConfig reads a configuration of [Listed]. Its paths start at a folder, and lead to
// nothing outside; what a fleet does not take is refused, whoever wrote it. The error is
// [Problems].
func ParseConfig(config []byte, folder string) (Config, error) {
	return parseListed(config, folder, surroundings{lookup: os.LookupEnv, read: readFile})
}

func parseListed(config []byte, folder string, s surroundings) (Config, error) {
	// A worker has it from a message, and it is read as YAML in the end.
	if err := bounded.JSON(config, yamlFile); err != nil {
		return Config{}, Problems{{err: fmt.Errorf("the configuration is refused: %w", err)}}
	}
	keys := map[string]any{}
	if err := json.Unmarshal(config, &keys); err != nil {
		return Config{}, Problems{{err: errors.New("the configuration is no JSON")}}
	}
	var ps Problems
	fail := func(entry string, err error) { ps = append(ps, &Problem{entry: entry, err: err}) }
	checkForFleet(keys, fail)
	relocate(keys, func(entry, path string) string {
		if !filepath.IsLocal(path) {
			fail(entry, fmt.Errorf("%q leads out of the folder of the worker's files", path))
		}
		return path
	})
	if len(ps) > 0 {
		return Config{}, ps
	}
	if folder == "" { // to be checked where the files are not
		withoutFiles(keys)
		config, _ = json.Marshal(keys) // it was read from JSON
	}
	var c Config
	if err := yaml.UnmarshalWithOptions(config, &c, yaml.Strict()); err != nil {
		return Config{}, Problems{{err: yamlProblem("", err).err}}
	}
	c.from, c.folder = &provenance{}, folder
	ps = c.Credentials.expand(folder, c.from, s)
	c.resolve(folder)
	_, more := c.assemble()
	if ps = append(ps, more...); len(ps) > 0 {
		for _, p := range ps {
			p.file, p.line, p.column = "", 0, 0
		}
		return Config{}, ps
	}
	return c, nil
}

// localTo is a path from a folder on, where it is in that folder.
func localTo(folder, path string) (string, error) {
	folder, err := filepath.Abs(folder)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err == nil {
		path, err = filepath.Rel(folder, path)
	}
	if err != nil || !filepath.IsLocal(path) {
		return "", errors.New("the file is outside of the folder of fleet.yaml: workers find files below one folder, so put it there, or a link to it")
	}
	return filepath.ToSlash(path), nil
}

// ParseLimits reads the limits of a configuration of [Listed], and nothing else of it.
func ParseLimits(config []byte) (tap.Limits, error) {
	var c struct {
		Limits tap.Limits `yaml:"limits"`
	}
	err := yaml.Unmarshal(config, &c)
	return c.Limits, err
}
