package attacker

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/crossexam/crossexam/cors"
)

func newStage(t *testing.T) *Stage {
	t.Helper()
	s, err := NewStage()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// ask sends a request to a stage as the browser does, whatever host the URL names.
func ask(t *testing.T, s *Stage, method, url, body string) (status int, answer string, err error) {
	t.Helper()
	tr := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.Addr())
		},
		TLSClientConfig: &tls.Config{RootCAs: s.Authority().Roots()},
	}
	defer tr.CloseIdleConnections()
	q, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r, err := tr.RoundTrip(q)
	if err != nil {
		return 0, "", err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return r.StatusCode, string(b), err
}

// The icon of a page that the victim visits is not the target's to be asked for; what a
// page reads at the same path is.
func TestStageAnswersTheIcon(t *testing.T) {
	s := newStage(t)
	s.Mount(cors.MustParseOrigin("http://api.test"), says("the target"))
	const image = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8" // Chrome 156
	for _, c := range []struct {
		name, path string
		headers    http.Header
		status     int
	}{
		{"by the browser itself", "/favicon.ico", http.Header{"Accept": {image}}, 404},
		{"by a page that reads it", "/favicon.ico", http.Header{"Accept": {"*/*"}, "Origin": {"http://evil.test"}}, 200},
		{"by a page that asks for an image", "/favicon.ico", http.Header{"Accept": {image}, "Origin": {"http://evil.test"}}, 200},
		{"by the victim", "/favicon.ico", http.Header{"Accept": {"text/html,image/avif,*/*;q=0.8"}}, 200},
		{"another image", "/logo.png", http.Header{"Accept": {image}}, 200},
	} {
		q := httptest.NewRequest(http.MethodGet, "http://api.test"+c.path, nil)
		q.Header = c.headers
		w := httptest.NewRecorder()
		s.ServeHTTP(w, q)
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d", c.name, w.Code, c.status)
		}
	}
}

func says(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, text) })
}

func TestStageDispatch(t *testing.T) {
	s := newStage(t)
	for _, o := range []string{"https://api.test", "http://api.test", "https://api.test:8443", "https://both.test"} {
		s.Mount(cors.MustParseOrigin(o), says("mounted "+o))
	}
	s.Play(cors.MustParseOrigin("https://evil.test"), Malicious)
	s.Play(cors.MustParseOrigin("http://app.test:3000"), TrustedFront)
	s.Play(cors.MustParseOrigin("https://both.test"), TrustedFront)

	const (
		malicious = "1,000,000"
		trusted   = "played as the trusted front end"
		aborted   = "aborted"
	)
	for _, c := range []struct{ url, want string }{
		{"https://api.test/", "mounted https://api.test"},
		{"https://API.test/any?where", "mounted https://api.test"},
		{"https://api.test:443/", "mounted https://api.test"},
		{"http://api.test/", "mounted http://api.test"},
		{"https://api.test:8443/", "mounted https://api.test:8443"},
		{"https://api.test" + PagePath, "mounted https://api.test"},
		{"http://api.test:8443/", aborted},
		{"https://evil.test" + PagePath, malicious},
		{"https://evil.test/", "404"},
		{"http://evil.test" + PagePath, aborted},
		{"https://evil.test:8443" + PagePath, aborted},
		{"https://sub.evil.test" + PagePath, aborted},
		{"http://app.test:3000" + PagePath, trusted},
		{"https://app.test:3000" + PagePath, aborted},
		{"https://both.test" + PagePath, trusted},
		{"https://both.test/", "mounted https://both.test"},
		{"https://nowhere.test/", aborted},
		{"https://127.0.0.1/", aborted},
	} {
		status, answer, err := ask(t, s, "GET", c.url, "")
		switch {
		case c.want == aborted:
			if err == nil {
				t.Errorf("%s: answered %d %q", c.url, status, answer)
			}
		case err != nil:
			t.Errorf("%s: %v", c.url, err)
		case c.want == "404":
			if status != 404 {
				t.Errorf("%s: %d %q", c.url, status, answer)
			}
		case !strings.Contains(answer, c.want):
			t.Errorf("%s: %d %q, want %q", c.url, status, answer, c.want)
		}
	}
	// What comes later counts.
	s.Mount(cors.MustParseOrigin("https://api.test"), says("another"))
	s.Play(cors.MustParseOrigin("https://evil.test"), TrustedFront)
	if _, answer, _ := ask(t, s, "GET", "https://api.test/", ""); answer != "another" {
		t.Errorf("after a second Mount: %q", answer)
	}
	if _, answer, _ := ask(t, s, "GET", "https://evil.test"+PagePath, ""); !strings.Contains(answer, trusted) {
		t.Errorf("after a second Play: %q", answer)
	}
}

func TestCollector(t *testing.T) {
	s := newStage(t)
	s.Play(cors.MustParseOrigin("https://evil.test"), Malicious)
	const at = "https://evil.test" + collectorPath + "?attempt="

	if status, _, err := ask(t, s, "GET", at+"a", ""); status != 405 || err != nil {
		t.Errorf("GET: %d, %v", status, err)
	}
	if l := s.collector.take("a"); l != nil {
		t.Errorf("a GET left loot: %+v", l)
	}

	if status, _, err := ask(t, s, "POST", at+"b", "a secret"); status != 204 || err != nil {
		t.Errorf("POST: %d, %v", status, err)
	}
	l := s.collector.take("b")
	sum := sha256.Sum256([]byte("a secret"))
	if l == nil || l.Bytes != 8 || l.SHA256 != hex.EncodeToString(sum[:]) || l.Excerpt != "a secret" {
		t.Errorf("the loot is %+v", l)
	}
	if l := s.collector.take("b"); l != nil {
		t.Errorf("taken twice: %+v", l)
	}

	// More than is kept, and a character that the excerpt's limit cuts in two.
	if status, _, err := ask(t, s, "POST", at+"c", "x"+strings.Repeat("é", lootLimit)); status != 204 || err != nil {
		t.Errorf("POST of too much: %d, %v", status, err)
	}
	l = s.collector.take("c")
	if l == nil || l.Bytes != lootLimit || len(l.Excerpt) > excerptLimit || len(l.Excerpt) < excerptLimit-1 || !utf8.ValidString(l.Excerpt) {
		t.Errorf("%d bytes, an excerpt of %d", l.Bytes, len(l.Excerpt))
	}

	if _, _, err := ask(t, s, "POST", "https://elsewhere.test"+collectorPath+"?attempt=d", "x"); err == nil {
		t.Error("an origin that is not played has a collector")
	}
}

// served is what the stage serves under a Host over http, or "" when it closes the
// connection.
func served(t testing.TB, s *Stage, host string) (body string) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			t.Errorf("Host %q: panic: %v", host, p)
		}
	}()
	r := httptest.NewRequest("GET", PagePath, nil)
	r.Host = host
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Body.String()
}

// FuzzStageHost: whatever the Host, the stage serves the page of an origin that is
// played or none, and what is in the name of an origin adds nothing to its page.
func FuzzStageHost(f *testing.F) {
	s, err := NewStage()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	pages := map[string]string{"": ""}
	for _, host := range []string{
		"evil.test", "a'b.test", `a"b.test`, "a&lt;b.test", "a(b.test", "a;b.test", "a`b.test", "a{{.Origin}}b.test", "<script>.test", "</script>",
	} {
		o := cors.NewOrigin("http", host, "")
		s.Play(o, Malicious)
		body := served(f, s, o.Host())
		pages[body] = host
		if plain := served(f, s, "evil.test"); strings.Count(body, "<") != strings.Count(plain, "<") || len(body)-len(plain) > 100 {
			f.Errorf("the name %q adds to its page:\n%s", host, body)
		}
		f.Add(host)
	}
	for _, host := range []string{
		"EVIL.test:80", "evil.test:", "evil.test:0080", "evil.test:81", "x@evil.test", "evil.test/", "evil.test#", "evil.test\r\nX: y",
		"", ":", "[", "[::1", "a:b:c", "\x00", "nowhere.test", `"><img src=x>`,
	} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if body := served(t, s, host); pages[body] == "" && body != "" {
			t.Errorf("Host %q: a page that nobody plays:\n%s", host, body)
		}
	})
}
