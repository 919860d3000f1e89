package attacker

import (
	"bytes"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// Cookies that are handed out become what they would have if the server had set them.
func TestCookiesHandedOut(t *testing.T) {
	lines := []string{
		"none=1; Path=/; Secure; HttpOnly; SameSite=None", "lax=a=b; SameSite=Lax", "strict=\"q\"; SameSite=strict; Max-Age=3600", "unset=",
		"sub=1; Path=/api", "domain=1; Domain=shop.test; Path=/", "other=1; Domain=elsewhere.test", "__Host-a=1; Secure; Path=/", "__Host-b=1; Path=/x", "=nameless", "gone=1; Max-Age=0",
	}
	stage, browser := lab(t)
	for _, scheme := range []string{"https", "http"} {
		o := cors.NewOrigin(scheme, "api.shop.test", "")
		asked := 0
		stage.Mount(o, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/favicon.ico" {
				asked++
			}
			for _, line := range lines {
				w.Header().Add("Set-Cookie", line)
			}
			w.Header().Set("Content-Type", "text/plain")
		}))
		served, handed := openTab(t, browser, "served "+scheme), openTab(t, browser, "handed "+scheme)
		if err := served.Visit(bounded(t), o.String()+"/login"); err != nil {
			t.Fatal(err)
		}
		before := asked
		if err := handed.TakeCookies(bounded(t), o, lines); err != nil {
			t.Fatal(err)
		}
		if asked != before {
			t.Errorf("%s: the server was asked", scheme)
		}
		for _, path := range []string{"/", "/api/x"} {
			want, err := served.Cookies(bounded(t), o.String()+path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := handed.Cookies(bounded(t), o.String()+path)
			for _, list := range [][]StoredCookie{want, got} {
				slices.SortFunc(list, func(a, b StoredCookie) int { return strings.Compare(a.Name, b.Name) })
			}
			if err != nil || len(want) < 3 || !reflect.DeepEqual(got, want) {
				t.Errorf("%s%s: %v\n got %+v\nwant %+v", scheme, path, err, got, want)
			}
		}
		// Nothing is held any more.
		if err := handed.Visit(bounded(t), o.String()+handOutPath); err != nil || asked != before+1 {
			t.Errorf("%s: %v; the server was asked %d times", scheme, err, asked-before)
		}
	}
}

// TestBrowserHoldsNoSecret: neither its command line nor its environment has what this
// process was given, and it listens nowhere.
func TestBrowserHoldsNoSecret(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("this system does not show the environment of a process")
	}
	const secret = "s3cr3t-of-the-victim"
	t.Setenv("CROSSEXAM_COOKIE", "session="+secret)
	t.Setenv("TEAM_TOKEN", secret)
	_, browser := ownLab(t, Options{})
	for _, file := range []string{"environ", "cmdline"} {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(browser.PID()) + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(b, []byte(browser.profile.dir)) {
			t.Fatalf("%s is not the browser's: %q", file, b)
		}
		if bytes.Contains(b, []byte(secret)) || bytes.Contains(b, []byte("--remote-debugging-port")) {
			t.Errorf("%s: %q", file, b)
		}
	}
}
