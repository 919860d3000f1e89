package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What a release has is what action.yml looks for.
func TestReleaseHasWhatTheActionInstalls(t *testing.T) {
	var config struct {
		Project string `yaml:"project_name"`
		Builds  []struct {
			Goos, Goarch []string
		} `yaml:"builds"`
		Archives []struct {
			Name      string   `yaml:"name_template"`
			Formats   []string `yaml:"formats"`
			Overrides []struct {
				Goos    string   `yaml:"goos"`
				Formats []string `yaml:"formats"`
			} `yaml:"format_overrides"`
			Files []string `yaml:"files"`
		} `yaml:"archives"`
		Checksum struct {
			Name      string `yaml:"name_template"`
			Algorithm string `yaml:"algorithm"`
		} `yaml:"checksum"`
	}
	readYAML(t, filepath.Join(root(t), ".goreleaser.yaml"), &config)
	if len(config.Builds) != 1 || len(config.Archives) != 1 || config.Checksum.Name != "checksums.txt" || config.Checksum.Algorithm != "sha256" {
		t.Fatalf("%+v", config)
	}
	archive := config.Archives[0]
	var names []string
	for _, goos := range config.Builds[0].Goos {
		for _, goarch := range config.Builds[0].Goarch {
			format := archive.Formats[0]
			for _, o := range archive.Overrides {
				if o.Goos == goos {
					format = o.Formats[0]
				}
			}
			name := strings.NewReplacer("{{ .ProjectName }}", config.Project, "{{ .Os }}", goos, "{{ .Arch }}", goarch).Replace(archive.Name)
			names = append(names, name+"."+format)
		}
	}
	script, err := os.ReadFile(filepath.Join(root(t), "scripts/action/install"))
	if err != nil {
		t.Fatal(err)
	}
	var wanted []string
	for _, system := range regexp.MustCompile(`os=(\w+) ending=([\w.]+)`).FindAllStringSubmatch(string(script), -1) {
		for _, arch := range regexp.MustCompile(` arch=(\w+) `).FindAllStringSubmatch(string(script), -1) {
			wanted = append(wanted, "crossexam_"+system[1]+"_"+arch[1]+"."+system[2])
		}
	}
	slices.Sort(names)
	slices.Sort(wanted)
	if len(wanted) != 6 || !slices.Equal(names, wanted) {
		t.Errorf("a release has %v, and the action installs %v", names, wanted)
	}
	for _, f := range archive.Files {
		if _, err := os.Stat(filepath.Join(root(t), f)); err != nil {
			t.Error(err)
		}
	}
}

// What Homebrew runs for each shell's completions prints them: it adds the name of the shell
// where no other format is given.
func TestCaskMakesCompletions(t *testing.T) {
	var config struct {
		Casks []struct {
			Completions struct {
				Executable string
				Args       []string
				Format     string `yaml:"shell_parameter_format"`
			} `yaml:"generate_completions_from_executable"`
		} `yaml:"homebrew_casks"`
	}
	readYAML(t, filepath.Join(root(t), ".goreleaser.yaml"), &config)
	if len(config.Casks) != 1 {
		t.Fatalf("%+v", config)
	}
	c := config.Casks[0].Completions
	if c.Executable != "crossexam" || c.Format != "" {
		t.Errorf("%+v", c)
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		out, err := exec.CommandContext(t.Context(), binary, append(slices.Clone(c.Args), shell)...).CombinedOutput()
		if first, _, _ := strings.Cut(string(out), "\n"); err != nil || !strings.Contains(first, shell+" completion") && !strings.Contains(first, "#compdef") {
			t.Errorf("%s: %v\n%.200s", shell, err, out)
		}
	}
}

// Every action that the project runs is pinned by commit, with the version beside it. The
// examples are for others, who pin as they like.
func TestActionsArePinned(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root(t), ".github/workflows/*.yml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v", files, err)
	}
	uses := regexp.MustCompile(`(?m)^ *(?:- )?uses: *(.*)$`)
	pinned := regexp.MustCompile(`^[\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$|^\./`)
	n := 0
	for _, f := range append(files, filepath.Join(root(t), "action.yml")) {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range uses.FindAllStringSubmatch(string(text), -1) {
			n++
			if !pinned.MatchString(m[1]) {
				t.Errorf("%s: %s is not pinned by its commit", filepath.Base(f), m[1])
			}
		}
	}
	if n < 8 {
		t.Errorf("%d uses were found", n)
	}
}
