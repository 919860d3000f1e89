package target

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSourceFile(t *testing.T) {
	here := t.TempDir()
	for _, name := range []string{"deploy/app/main.py", "deploy/server.js", "deploy/data.txt", "api.py"} {
		path := filepath.Join(here, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(here)
	for _, c := range []struct {
		folder  string
		command []string
		want    string
	}{
		{"deploy", []string{"uvicorn", "app.main:app", "--port", "{port}"}, "deploy/app/main.py"},
		{filepath.Join(here, "deploy"), []string{"node", "server.js"}, "deploy/server.js"},
		{"", []string{"python", "-m", "uvicorn", "api:app"}, "api.py"},
		{"deploy", []string{"python", "../api.py"}, "api.py"},
		{"deploy", []string{"cat", "data.txt"}, ""},
		{"deploy", []string{"node", "missing.js"}, ""},
		{"deploy", []string{"node", "../../etc/app.js"}, ""},
		{"", nil, ""},
	} {
		if got := (Config{folder: c.folder, Launch: LaunchConfig{Command: c.command}}).SourceFile(); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.folder, c.command, got, c.want)
		}
	}
}
