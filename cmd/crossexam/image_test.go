package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The command lines of compose.yaml have commands and flags that there are, what it names in
// the project is there, and who examines has the sandbox's seccomp profile.
func TestComposeFile(t *testing.T) {
	var compose struct {
		Services map[string]struct {
			Command  []string
			Security []string `yaml:"security_opt"`
		}
	}
	readYAML(t, filepath.Join(root(t), "compose.yaml"), &compose)
	browsers := 0
	for name, s := range compose.Services {
		out, err := exec.CommandContext(t.Context(), binary, append(s.Command, "--help")...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "crossexam "+s.Command[0]) {
			t.Errorf("%s: %q: %v\n%s", name, s.Command, err, out)
		}
		if s.Command[0] == "serve" {
			continue
		}
		browsers++
		i := slices.IndexFunc(s.Security, func(o string) bool { return strings.HasPrefix(o, "seccomp=") })
		if i < 0 {
			t.Errorf("%s has no seccomp profile that lets Chrome make its sandbox", name)
			continue
		}
		if _, err := os.Stat(filepath.Join(root(t), strings.TrimPrefix(s.Security[i], "seccomp="))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if browsers == 0 {
		t.Error("no service examines anything")
	}
}

// What compose.yaml examines is convicted without any secret of the reader's: by header here,
// in a moment, what docs/container.md says of the whole.
func TestComposeFileConvicts(t *testing.T) {
	var compose struct {
		Services map[string]struct{ Command []string }
	}
	readYAML(t, filepath.Join(root(t), "compose.yaml"), &compose)
	api, test := compose.Services["api"].Command, compose.Services["crossexam"].Command
	i := slices.Index(api, "--port")
	if i < 0 || len(test) < 2 || test[0] != "test" {
		t.Fatalf("%q, %q", api, test)
	}
	if shown := "http://127.0.0.1:" + api[i+1]; api[0] != "serve" || test[1] != shown {
		t.Fatalf("%s is examined, and the API is at %s", test[1], shown)
	}
	api[i+1] = "0" // two free ports
	withServed(t, func(s *served) {
		r := crossexam(t, nil, append([]string{"test", "http://" + s.api, "--sweep-only"}, test[2:]...)...)
		r.expect(t, 1, "granted to anyone", "of them private")
		if strings.Contains(r.stdout, " 0 of them private") {
			t.Errorf("nothing is private, so that no browser could prove anything:\n%s", r.stdout)
		}
	}, api[1:]...)
}

// The seccomp profile leaves alone what Chrome's sandbox is made of, and refuses what user
// namespaces would bring within reach.
func TestSeccompProfile(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "deploy/chromium-seccomp.json"))
	if err != nil {
		t.Fatal(err)
	}
	var profile struct {
		Default  string `json:"defaultAction"`
		Syscalls []struct {
			Names  []string
			Action string
		}
	}
	if err := json.Unmarshal(text, &profile); err != nil {
		t.Fatal(err)
	}
	refused := map[string]bool{}
	for _, s := range profile.Syscalls {
		for _, name := range s.Names {
			refused[name] = s.Action == "SCMP_ACT_ERRNO"
		}
	}
	for _, name := range []string{"clone", "clone3", "unshare", "chroot"} {
		if refused[name] {
			t.Errorf("%s is refused, and Chrome's sandbox needs it", name)
		}
	}
	for _, name := range []string{"mount", "umount2", "move_mount", "pivot_root", "setns", "ptrace", "bpf", "keyctl", "perf_event_open", "io_uring_setup", "init_module", "kexec_load"} {
		if !refused[name] {
			t.Errorf("%s is not refused", name)
		}
	}
	if profile.Default != "SCMP_ACT_ALLOW" {
		t.Errorf("what is not named is %s", profile.Default)
	}
}
