package engine

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/sweep"
	"github.com/crossexam/crossexam/tap"
	"github.com/crossexam/crossexam/target"
)

// established serves the handler, and returns what premises find out of a
// configuration of it, and how many requests that took.
func established(t *testing.T, h http.HandlerFunc, c target.Config) (scenarios.Target, int) {
	t.Helper()
	var requests atomic.Int32
	server, err := loopback.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		w.Header().Set("Content-Type", "application/json")
		h(w, r)
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	c.URL, c.Trusted, c.OpenAPI = "http://"+server.Addr(), []string{"https://app.example.com"}, "none"
	d, err := c.Deployment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := tap.New(tap.Options{Upstream: d.Upstream, Limits: d.Limits, Run: "crossexam-test", AllowWrite: d.Facts.AllowsWrite})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	return sweep.NewAsker(t.Context(), proxy, d).Premises(), int(requests.Load())
}

func say(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func findings(t scenarios.Target) []scenarios.Finding {
	var all []scenarios.Finding
	for _, p := range t.Premises {
		all = append(all, p.Finding)
	}
	return all
}

// withSession answers /me to the cookie session=x.
func withSession(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie("session")
	switch {
	case err != nil || c.Value != "x":
		say(w, 401, `{"error":"login"}`)
	case r.URL.Path == "/me":
		say(w, 200, `{"user":"alice"}`)
	default:
		say(w, 404, `{}`)
	}
}

// withOriginAnd answers a GET only where a known page asks for it.
func withOriginAnd(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "https://app.example.com" {
			say(w, 403, `{"error":"Origin required"}`)
			return
		}
		h(w, r)
	}
}

func TestPremises(t *testing.T) {
	cookie := func(value string) target.CredentialsConfig {
		return target.CredentialsConfig{Cookies: []string{"session=" + value + "; Path=/; Secure; SameSite=None"}}
	}
	uses := 0
	for _, c := range []struct {
		name   string
		h      http.HandlerFunc
		config target.Config
		want   []scenarios.Finding
		kind   DiagnosisKind // of the run, where nothing holds
	}{
		{"a session", withSession, target.Config{Reads: []string{"/me"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Private}, ""},
		{"a wrong session", withSession, target.Config{Reads: []string{"/me"}, Credentials: cookie("nope")}, []scenarios.Finding{scenarios.CredentialRefused}, CredentialRefused},
		{"a session for another path", withSession, target.Config{Reads: []string{"/me"}, Credentials: target.CredentialsConfig{Cookies: []string{"session=x; Path=/app"}}},
			[]scenarios.Finding{scenarios.CredentialRefused}, CookieElsewhere},
		{"a session in quotes", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Cookie") != `session="x y"` {
				say(w, 401, `{}`)
				return
			}
			say(w, 200, `{"user":"alice"}`)
		}, target.Config{Reads: []string{"/me"}, Credentials: cookie(`"x y"`)}, []scenarios.Finding{scenarios.Private}, ""},
		{"a session that no browser keeps", withSession, target.Config{Reads: []string{"/me"}, Credentials: target.CredentialsConfig{Cookies: []string{"session=x; SameSite=None"}}},
			[]scenarios.Finding{scenarios.CredentialRefused}, CookieRefused},
		{"one that the login sets", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				w.Header().Add("Set-Cookie", "session=x; Path=/; SameSite=None")
				say(w, 200, `{}`)
				return
			}
			withSession(w, r)
		}, target.Config{Reads: []string{"/me"}, Credentials: target.CredentialsConfig{Login: &target.LoginConfig{Path: "/login", Form: map[string]string{"user": "alice"}}}},
			[]scenarios.Finding{scenarios.CredentialRefused}, CookieRefused},
		{"where everybody gets the same", func(w http.ResponseWriter, r *http.Request) { say(w, 200, `{"user":null}`) },
			target.Config{Reads: []string{"/me"}, Credentials: target.CredentialsConfig{Cookies: []string{"session=x; SameSite=None"}}},
			[]scenarios.Finding{scenarios.Alike}, CookieRefused},
		{"nothing there", withSession, target.Config{Reads: []string{"/other"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Missing}, NothingPrivate},
		{"one of two", withSession, target.Config{Reads: []string{"/other", "/me"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Missing, scenarios.Private}, ""},
		{"no credential", withSession, target.Config{Reads: []string{"/me"}}, []scenarios.Finding{scenarios.LoginNeeded}, LoginNeeded},
		{"everybody gets it", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/me" {
				say(w, 404, `{}`)
				return
			}
			say(w, 200, `{"user":"alice"}`)
		},
			target.Config{Reads: []string{"/me"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Open}, NothingPrivate},
		{"a wrong session, 403", func(w http.ResponseWriter, r *http.Request) { say(w, 403, `{}`) },
			target.Config{Reads: []string{"/me"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.CredentialRefused}, CredentialRefused},
		{"a filter", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			say(w, 403, `<title>Attention required</title>`)
		},
			target.Config{Reads: []string{"/me"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.CredentialRefused}, EverythingRefused},
		{"a filter at one", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/open" {
				say(w, 200, `{"brand":"Acme"}`)
				return
			}
			w.Header().Set("Content-Type", "text/html")
			say(w, 403, `<title>Attention required</title>`)
		},
			target.Config{Reads: []string{"/me", "/open"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.CredentialRefused, scenarios.Open}, CredentialRefused},
		{"https wanted", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
		},
			target.Config{Reads: []string{"/me"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Redirected}, RedirectsToHTTPS},
		{"a login elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.example-idp.com/authorize?rd=/me", http.StatusFound)
		}, target.Config{Reads: []string{"/me"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Redirected}, RedirectsToLogin},
		{"a slash wanted", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"/", http.StatusTemporaryRedirect)
		}, target.Config{Reads: []string{"/items"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Redirected}, RedirectsToSlash},
		{"a login here", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) },
			target.Config{Reads: []string{"/items"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Redirected}, RedirectsToLogin},
		{"a session for one request", func(w http.ResponseWriter, r *http.Request) {
			if c, err := r.Cookie("session"); err == nil && c.Value == fmt.Sprintf("s%d", uses) {
				uses++
				http.SetCookie(w, &http.Cookie{Name: "session", Value: fmt.Sprintf("s%d", uses)})
				say(w, 200, `{"user":"alice"}`)
				return
			}
			say(w, 401, `{}`)
		}, target.Config{Reads: []string{"/me"}, Credentials: cookie("s0")}, []scenarios.Finding{scenarios.Ended}, SessionEnded},
		{"a network", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/notes" {
				say(w, 200, `[{"text":"mine"}]`)
				return
			}
			say(w, 404, `{}`)
		}, target.Config{Reads: []string{"/notes"}}, []scenarios.Finding{scenarios.PrivateByNetwork}, ""},
		{"a single-page application", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			say(w, 200, `<!doctype html><div id="root"></div>`)
		}, target.Config{Reads: []string{"/notes", "/me"}}, []scenarios.Finding{scenarios.Alike, scenarios.Alike}, AnswersAlike},
		{"its index, for a mistyped path", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			say(w, 200, `<!doctype html><div id="root"></div>`)
		}, target.Config{Reads: []string{"/api/mee"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Alike}, AnswersAlike},
		{"a language first", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/en"+r.URL.Path, http.StatusFound)
		}, target.Config{Reads: []string{"/me"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Redirected}, RedirectsToPath},
		{"the victim's own path", func(w http.ResponseWriter, r *http.Request) {
			if c, err := r.Cookie("session"); err != nil || c.Value != "x" {
				say(w, 401, `{}`)
				return
			}
			http.Redirect(w, r, "/users/42", http.StatusFound)
		}, target.Config{Reads: []string{"/me"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Redirected}, RedirectsToPath},
		{"a login for everybody", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/login?next=/me", http.StatusFound)
		}, target.Config{Reads: []string{"/me"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Redirected}, RedirectsToLogin},
		{"another name of the host", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://www.example.com"+r.URL.Path, http.StatusMovedPermanently)
		}, target.Config{Reads: []string{"/me"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Redirected}, RedirectsToHost},
		{"a host name that it does not know", func(w http.ResponseWriter, r *http.Request) { say(w, 400, `<h1>Bad Request (400)</h1>`) },
			target.Config{Reads: []string{"/me"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Missing}, RequestRefused},
		{"an Origin wanted", withOriginAnd(withSession), target.Config{Reads: []string{"/me", "/me?page=2"}, Credentials: cookie("x")},
			[]scenarios.Finding{scenarios.Private, scenarios.Private}, ""},
		{"an Origin wanted, and a good session", withOriginAnd(withSession), target.Config{Reads: []string{"/me"}, Credentials: cookie("nope")},
			[]scenarios.Finding{scenarios.CredentialRefused}, CredentialRefused},
		{"an Origin wanted in the network", withOriginAnd(func(w http.ResponseWriter, r *http.Request) { say(w, 200, `[{"text":"mine"}]`) }),
			target.Config{Reads: []string{"/notes"}}, []scenarios.Finding{scenarios.PrivateByNetwork}, ""},
		{"a key in the URL", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("apikey") != "k3y" {
				say(w, 401, `{}`)
				return
			}
			say(w, 200, `[{"title":"mine"}]`)
		}, target.Config{Reads: []string{"/api/series?page=1&apikey=k3y"}}, []scenarios.Finding{scenarios.SecretInURL}, SecretInURL},
		{"a key in the URL that opens nothing", func(w http.ResponseWriter, r *http.Request) { say(w, 200, `[{"title":"mine"}]`) },
			target.Config{Reads: []string{"/api/series?token=abc"}}, []scenarios.Finding{scenarios.PrivateByNetwork}, ""},
		{"a session that has expired", withSession, target.Config{Reads: []string{"/me"},
			Credentials: target.CredentialsConfig{Cookies: []string{"session=x; Expires=Wed, 01 Jan 2020 00:00:00 GMT"}}}, []scenarios.Finding{scenarios.CredentialRefused}, CredentialRefused},
		{"a login that gives no cookie", func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				say(w, 200, `{"access_token":"x"}`)
				return
			}
			say(w, 401, `{}`)
		}, target.Config{Reads: []string{"/me"}, Credentials: target.CredentialsConfig{Login: &target.LoginConfig{Path: "/login", JSON: map[string]any{"password": "x"}}}},
			[]scenarios.Finding{scenarios.CredentialRefused}, CredentialRefused},
		{"a target that fails", func(w http.ResponseWriter, r *http.Request) { say(w, 500, `{}`) },
			target.Config{Reads: []string{"/me"}, Credentials: cookie("x")}, []scenarios.Finding{scenarios.Failing}, TargetFails},
	} {
		t.Run(c.name, func(t *testing.T) {
			facts, requests := established(t, c.h, c.config)
			if got := findings(facts); !slices.Equal(got, c.want) {
				t.Errorf("found %v, want %v", got, c.want)
			}
			for i, e := range facts.Endpoints {
				if e.Private != facts.Premises[i].Holds() {
					t.Errorf("%s: private is %v with the finding %s", e, e.Private, facts.Premises[i].Finding)
				}
			}
			first := facts.Premises[0]
			if elsewhere := strings.Contains(c.name, "another path"); (first.NoCookieHere && !first.Expired) != elsewhere || elsewhere && !strings.Contains(first.Sentence(), "Path") {
				t.Errorf("it says %s", first.Sentence())
			}
			if first.Expired != strings.Contains(c.name, "expired") || first.Expired && !strings.Contains(first.Sentence(), "expired") {
				t.Errorf("it says %s", first.Sentence())
			}
			if first.NoCookie != strings.Contains(c.name, "gives no cookie") || first.NoCookie && !strings.Contains(first.Sentence(), "credentials.bearer") {
				t.Errorf("it says %s", first.Sentence())
			}
			if wanted := strings.Contains(c.name, "an Origin wanted"); first.Holds() && (first.Origin != "") != wanted || wanted && first.Holds() && !strings.Contains(first.Sentence(), "with the Origin https://app.example.com") {
				t.Errorf("it says %s", first.Sentence())
			}
			if len(facts.PrivateReads()) == 0 {
				if d := whyNothingPrivate(facts, target.Discovery{}); d.Kind != c.kind || !strings.Contains(d.Detail, "GET /") {
					t.Errorf("diagnosis %+v, want %s", d, c.kind)
				}
			}
			if most := 3*len(c.config.Reads) + 2; requests > most {
				t.Errorf("%d requests, at most %d were to be made", requests, most)
			}
		})
	}
}

// An endpoint is examined where the target has it, if its redirect of the victim says so
// and there is something private there.
func TestPremisesOfWhatIsElsewhere(t *testing.T) {
	for name, c := range map[string]struct{ read, sent, want, from string }{
		"a slash":                 {"/me", "/me/", "GET /me/", "/me"},
		"no slash":                {"/me/", "/me", "GET /me", "/me/"},
		"a language":              {"/me", "/en/me", "GET /en/me", "/me"},
		"a slash before a query":  {"/me?page=2", "/me/?page=2", "GET /me/?page=2", "/me?page=2"},
		"the whole URL":           {"/me", "http://HOST/me/", "GET /me/", "/me"},
		"what has an effect":      {"/me", "/reset/me", "GET /me", ""},
		"what is excluded":        {"/me", "/fr/me", "GET /me", ""},
		"another host":            {"/me", "http://other.example/me/", "GET /me", ""},
		"a login":                 {"/me", "/login", "GET /me", ""},
		"a slash, nothing behind": {"/me", "/me//", "GET /me", ""},
	} {
		t.Run(name, func(t *testing.T) {
			facts, _ := established(t, func(w http.ResponseWriter, r *http.Request) {
				there, _, _ := strings.Cut(strings.TrimPrefix(c.sent, "http://HOST"), "?")
				_, err := r.Cookie("session")
				switch {
				case r.URL.RequestURI() == c.read:
					http.Redirect(w, r, strings.ReplaceAll(c.sent, "HOST", r.Host), http.StatusPermanentRedirect)
				case r.URL.Path != there || there == "/me//" || there == "/login":
					say(w, 404, `{}`)
				case err != nil:
					say(w, 401, `{}`)
				default:
					say(w, 200, `{"user":"alice"}`)
				}
			}, target.Config{Reads: []string{c.read}, Exclude: []string{"/fr/*"}, Credentials: target.CredentialsConfig{Cookies: []string{"session=x; Path=/"}}})
			if len(facts.Endpoints) != 1 || facts.Endpoints[0].String() != c.want || facts.Endpoints[0].Private != (c.from != "") ||
				len(facts.Premises) != 1 || facts.Premises[0].Endpoint != c.want || facts.Premises[0].From != c.from {
				t.Fatalf("endpoints %v, premises %+v", facts.Endpoints, facts.Premises)
			}
			if says := facts.Premises[0].Sentence(); strings.Contains(says, "redirects there") != (c.from != "") {
				t.Error(says)
			}
		})
	}
}

// Credentials none of which opens anything alone are tried together, and those that are
// not needed left out.
func TestPremisesOfCredentialsTogether(t *testing.T) {
	credentials := target.CredentialsConfig{Cookies: []string{"session=x; Path=/; Secure"}, Bearer: "tok", Basic: "alice:p"}
	for name, c := range map[string]struct {
		needs func(r *http.Request) bool
		want  []scenarios.Credential
	}{
		"a session and a token": {func(r *http.Request) bool {
			session, err := r.Cookie("session")
			return err == nil && session.Value == "x" && slices.Equal(r.Header.Values("Authorization"), []string{"Bearer tok"})
		}, []scenarios.Credential{"cookie+bearer"}},
		"one of them": {func(r *http.Request) bool { _, err := r.Cookie("session"); return err == nil },
			[]scenarios.Credential{scenarios.Cookie}}, // the others are refused, and left out
		"more than there is": {func(*http.Request) bool { return false }, []scenarios.Credential{scenarios.Cookie, scenarios.Basic, scenarios.Bearer}},
	} {
		t.Run(name, func(t *testing.T) {
			facts, _ := established(t, func(w http.ResponseWriter, r *http.Request) {
				if !c.needs(r) {
					say(w, 401, `{}`)
					return
				}
				say(w, 200, `{"user":"alice"}`)
			}, target.Config{Reads: []string{"/me"}, Credentials: credentials})
			if !slices.Equal(facts.Credentials, c.want) || (len(facts.PrivateReads()) > 0) != (name != "more than there is") {
				t.Errorf("credentials %v, premises %v", facts.Credentials, findings(facts))
			}
		})
	}
}

// What answers without a login on a target that asks for one elsewhere is open to
// everybody, unless the operator named it.
func TestPlaceInTheNetworkIsRefuted(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/config" {
			say(w, 200, `{"features":["a"]}`)
			return
		}
		say(w, 401, `{}`)
	}
	facts := func(discovered bool) scenarios.Target {
		known, _ := established(t, h, target.Config{Reads: []string{"/config", "/notes"}})
		for i := range known.Endpoints {
			known.Endpoints[i].Discovered = discovered
		}
		return sweep.Settled(known, false)
	}
	found := facts(true)
	if got := findings(found); !slices.Equal(got, []scenarios.Finding{scenarios.Open, scenarios.LoginNeeded}) || found.Has(scenarios.Network) {
		t.Errorf("discovered: %v, credentials %v", got, found.Credentials)
	}
	if d := whyNothingPrivate(found, target.Discovery{}); d.Kind != LoginNeeded {
		t.Errorf("diagnosis %+v", d)
	}
	named := facts(false)
	if got := findings(named); !slices.Equal(got, []scenarios.Finding{scenarios.PrivateByNetwork, scenarios.LoginNeeded}) || !named.Has(scenarios.Network) {
		t.Errorf("named: %v, credentials %v", got, named.Credentials)
	}
}

// The victim's own login is made once, by hand, for the premises of all endpoints.
func TestPremisesLogIn(t *testing.T) {
	logins := 0
	h := func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" && r.URL.Path == "/login" {
			logins++
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "x", Path: "/", Secure: true})
			say(w, 200, `{}`)
			return
		}
		withSession(w, r)
	}
	facts, _ := established(t, h, target.Config{
		Reads: []string{"/me", "/me?again=1"},
		Credentials: target.CredentialsConfig{
			Login: &target.LoginConfig{Path: "/login", Form: map[string]string{"password": "p"}},
		},
	})
	if got := findings(facts); !slices.Equal(got, []scenarios.Finding{scenarios.Private, scenarios.Private}) || logins != 1 {
		t.Errorf("%v after %d logins", got, logins)
	}
}

// Which status stands for what is found out, not asked for.
func TestErrorsAreThoseOfTheTarget(t *testing.T) {
	credentials := target.CredentialsConfig{Cookies: []string{"session=x; Path=/"}}
	for _, c := range []struct {
		name            string
		stranger, other http.HandlerFunc
		want            []int
	}{
		{"401 and 404", func(w http.ResponseWriter, _ *http.Request) { say(w, 401, "{}") }, func(w http.ResponseWriter, _ *http.Request) { say(w, 404, "{}") }, []int{404, 401}},
		{"403 for both", func(w http.ResponseWriter, _ *http.Request) { say(w, 403, "{}") }, func(w http.ResponseWriter, _ *http.Request) { say(w, 403, "{}") }, []int{403, 403}},
		{"a redirect to the login", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://idp.test/", http.StatusFound)
		},
			func(w http.ResponseWriter, _ *http.Request) { say(w, 404, "{}") }, []int{404, 302}},
		{"200 with an error in it", func(w http.ResponseWriter, _ *http.Request) { say(w, 200, `{"error":"login"}`) },
			func(w http.ResponseWriter, _ *http.Request) { say(w, 200, `{"error":"no such path"}`) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			facts, _ := established(t, func(w http.ResponseWriter, r *http.Request) {
				switch known, err := r.Cookie("session"); {
				case err != nil || known.Value != "x":
					c.stranger(w, r)
				case r.URL.Path == "/me":
					say(w, 200, `{"user":"alice"}`)
				default:
					c.other(w, r)
				}
			}, target.Config{Reads: []string{"/me"}, Credentials: credentials})
			var got []int
			for _, r := range facts.Errors {
				got = append(got, r.Status)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
