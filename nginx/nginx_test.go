package nginx

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/child/childtest"
)

func start(t *testing.T, c Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), c)
	if errors.Is(err, ErrMissing) {
		childtest.Missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestServesAndLeavesNothingBehind(t *testing.T) {
	s := start(t, Config{
		HTTP:   `map $http_origin $greeting { default "stranger"; "https://a.test" "friend"; }`,
		Server: `location / { return 200 $greeting; }`,
	})
	r, _ := http.NewRequest("GET", "http://"+s.Addr()+"/", nil)
	r.Header.Set("Origin", "https://a.test")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	if string(body) != "friend" {
		t.Errorf("it answered %q", body)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.folder.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder is still there: %v", err)
	}
	if c, err := net.Dial("tcp", s.Addr()); err == nil {
		c.Close()
		t.Error("its port still answers")
	}
}

func TestSaysWhatIsWrongWithItsConfiguration(t *testing.T) {
	start(t, Config{}).Close()
	s, err := Start(t.Context(), Config{Server: "no_such_directive on;"})
	if err == nil {
		s.Close()
		t.Fatal("it started")
	}
	if !strings.Contains(err.Error(), "no_such_directive") {
		t.Errorf("the error does not name the directive: %v", err)
	}
}

// The folder of a killed run is removed by the next, and the temporary folder may
// be relative.
func TestRemovesForgottenFolders(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("TMPDIR", "tmp")
	forgotten := filepath.Join("tmp", folderPrefix+"1")
	if err := errors.Join(os.MkdirAll(forgotten, 0o700), os.WriteFile(filepath.Join(forgotten, "crossexam.lock"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	s := start(t, Config{})
	if _, err := os.Stat(forgotten); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", forgotten, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir("tmp"); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
