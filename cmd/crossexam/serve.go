package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/fixtures"
	"github.com/crossexam/crossexam/loopback"
	"github.com/crossexam/crossexam/report"
	"github.com/crossexam/crossexam/scenarios"
)

// noLogin is what the flag calls [fixtures.NoLogin].
const noLogin = "none"

type serveOptions struct {
	policy string
	login  string
	port   int
	list   bool
}

func serveCommand() *cobra.Command {
	var o serveOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve lessons and the vulnerable API to your own browser",
		Long: `Serve lessons on cross-origin access to your own browser, at
http://lab.notebook.localhost:PORT: a victim, an API and an attacker's page
side by side, with switches for the policy, the victim's credential and the
attacker's page, and the two headers that decide. Nothing has to be installed:
browsers take every name below localhost for this machine.

Serve besides, for a closer look, the notebook API under one of its policies,
and the attacker's page. All of them listen on 127.0.0.1 only. The API is at
http://127.0.0.1:PORT and the page at http://localhost:PORT, which is another
site to a browser. What the API is asked and what it grants is printed. The
flags are about this API.

Without a login, a place on this machine is all that the API asks for, and the
page has it through your browser. A cookie or a password goes along to another
site only in a browser that allows third-party cookies; Debian's Chromium, for
one, blocks them. To the same page at http://127.0.0.1, which is another port of
the same site, it goes in any case. (A page of the internet would first make
Chrome ask you whether it may look for devices in your network.)`,
		Example: `  crossexam serve
  crossexam serve --login cookie --port 8100
  crossexam serve --policy hardened
  crossexam serve --list`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.list {
				return listPolicies(c.OutOrStdout())
			}
			return runServe(c.Context(), os.Stdout, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.policy, "policy", fixtures.WildcardEchoAlways().Name, "`NAME` of the API's CORS policy")
	f.StringVar(&o.login, "login", noLogin, "`KIND` of login: "+strings.Join(logins(), ", "))
	f.IntVar(&o.port, "port", 0, "`PORT` of the API; the page has the next one (default: two free ones)")
	f.BoolVar(&o.list, "list", false, "list the policies and what each of them breaks")
	// The flags were added above.
	_ = c.RegisterFlagCompletionFunc("policy", completePolicies)
	_ = c.RegisterFlagCompletionFunc("login", cobra.FixedCompletions(logins(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

// logins are the values of --login.
func logins() []string {
	var all []string
	for _, l := range []fixtures.Login{fixtures.NoLogin, fixtures.SessionCookie, fixtures.HTTPBasic, fixtures.BearerToken} {
		all = append(all, cmp.Or(string(l), noLogin))
	}
	return all
}

func policyNames() []string {
	var names []string
	for _, p := range fixtures.Policies() {
		names = append(names, p.Name)
	}
	return names
}

func listPolicies(w io.Writer) error {
	const indent = "    "
	var b strings.Builder
	for _, p := range fixtures.Policies() {
		fmt.Fprintf(&b, "%s\n%s%s\n", p.Name, indent, wrap(cmp.Or(p.Breaks, "Nothing: one origin is trusted, and nobody else."), indent))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func completePolicies(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var all []cobra.Completion
	for _, p := range fixtures.Policies() {
		all = append(all, cobra.CompletionWithDesc(p.Name, p.Breaks))
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}

// notebook is the API that the flags ask for.
func (o serveOptions) notebook() (fixtures.Notebook, error) {
	policy, ok := fixtures.PolicyNamed(o.policy)
	if !ok {
		text := fmt.Sprintf("there is no policy %q", o.policy)
		if meant := suggestions(o.policy, policyNames()); len(meant) > 0 {
			text += " (did you mean " + strings.Join(meant, " or ") + "?)"
		}
		return fixtures.Notebook{}, errors.New(text + "; 'crossexam serve --list' has them all")
	}
	if !slices.Contains(logins(), o.login) {
		return fixtures.Notebook{}, fmt.Errorf("there is no login %q: give one of %s", o.login, strings.Join(logins(), ", "))
	}
	login := fixtures.Login(o.login)
	if o.login == noLogin {
		login = fixtures.NoLogin
	}
	origins := policy.Origins
	if origins == nil {
		// Names below localhost lead to this machine in browsers, so that the pages
		// of near-miss origins can be opened.
		origins = []cors.Origin{cors.MustParseOrigin("http://notebook.localhost")}
	}
	return fixtures.Notebook{Policy: policy, Login: login, Origins: origins, Hosts: []string{"127.0.0.1", "localhost"}}, nil
}

const privatePath = "/api/notebooks"

func runServe(ctx context.Context, w io.Writer, o serveOptions) error {
	n, err := o.notebook()
	if err != nil {
		return usage(err)
	}
	listeners, err := listenTwice(o.port)
	if err != nil {
		return usage(err)
	}
	log := &requestLog{w: w}
	api := loopback.ServeOn(listeners[0], log.watch(n.Handler()), nil)
	defer api.Close()
	site, err := attacker.NewSite("http://"+api.Addr()+privatePath, log.stolen)
	if err != nil {
		return errors.Join(couldNotSay(err), listeners[1].Close())
	}
	_, port, _ := net.SplitHostPort(listeners[1].Addr().String())
	page := loopback.ServeOn(listeners[1], newLessons(port, site), nil)
	defer page.Close()
	log.say(opening(n, api.Addr(), page.Addr()))
	<-ctx.Done()
	return nil
}

// listenTwice listens on the port and the next one, or on two free ones.
func listenTwice(port int) ([2]net.Listener, error) {
	var both [2]net.Listener
	if port < 0 || port > 65534 {
		return both, fmt.Errorf("--port %d: give a number from 1 to 65534, or 0 for free ports", port)
	}
	for i := range both {
		at := 0
		if port != 0 {
			at = port + i
		}
		var err error
		if both[i], err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(at))); err != nil {
			if i > 0 {
				err = errors.Join(err, both[0].Close())
			}
			return both, fmt.Errorf("%w; give another --port", err)
		}
	}
	return both, nil
}

// opening says what is there and what to do.
func opening(n fixtures.Notebook, api, page string) string {
	_, port, _ := net.SplitHostPort(page)
	const indent = "   "
	var b strings.Builder
	para := func(format string, args ...any) {
		b.WriteString(wrap(fmt.Sprintf(format, args...), indent) + "\n")
	}
	para("Lessons:  http://%s:%s/ shows a victim, an API and an attacker's page side by side: start here", lessonsHost, port)
	b.WriteString("\n")
	para("The API:  http://%s%s", api, privatePath)
	para("Policy:   %s. %s", n.Policy.Name, cmp.Or(n.Policy.Breaks, "Nothing is wrong with it."))
	para("Trusts:   %s", n.Origins[0])
	b.WriteString("\n")
	step := 1
	do := func(format string, args ...any) {
		para("%d. %s", step, fmt.Sprintf(format, args...))
		step++
	}
	switch n.Login {
	case fixtures.SessionCookie:
		do("Log in at http://%s%s with the password %s", api, fixtures.LoginPagePath, fixtures.Password)
	case fixtures.HTTPBasic:
		do("Log in at http://%s%s as %s with the password %s", api, privatePath, fixtures.User, fixtures.Password)
	case fixtures.BearerToken:
		do("No page but the front end has the token (%s), so that no browser sends it by itself.", fixtures.Token)
	}
	do("Open the attacker's page, http://localhost:%s/", port)
	if n.Login != fixtures.NoLogin && n.Login != fixtures.BearerToken {
		do("If your browser kept the login from it: it blocks third-party cookies. Open it as a page of the same site, http://127.0.0.1:%s/", port)
	}
	if slices.ContainsFunc(fixtures.Matchers(), func(p fixtures.Policy) bool { return p.Name == n.Policy.Name }) {
		do("Every name below localhost leads to it. Which of them does the policy take for the one it trusts? Try evil.notebook.localhost:%[1]s, "+
			"evil-notebook.localhost:%[1]s, notebook.localhost.evil.localhost:%[1]s", port)
	}
	b.WriteString("\nCtrl-C ends it. What the API is asked, and what it grants:\n")
	return b.String()
}

// A requestLog prints what happens. It is safe for concurrent use.
type requestLog struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *requestLog) say(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.w, text)
}

// watch prints a request and what it was granted.
func (l *requestLog) watch(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(s, r)
		line := fmt.Sprintf("%s %s %d", r.Method, r.URL.Path, s.status)
		if origin := r.Header.Get(cors.HeaderOrigin); origin != "" {
			line += ", Origin: " + origin
		}
		line += ", " + sent(r)
		granted := "no grant"
		if allowed := w.Header().Values(cors.HeaderAllowOrigin); len(allowed) > 0 {
			granted = "granted to " + strings.Join(allowed, " and to ")
			if w.Header().Get(cors.HeaderAllowCredentials) == "true" {
				granted += " with credentials"
			}
		}
		l.say(wrap(report.Visible(line+"; "+granted), "    "))
	})
}

// sent names the credentials of a request.
func sent(r *http.Request) string {
	var kinds []string
	if _, err := r.Cookie(fixtures.CookieName); err == nil {
		kinds = append(kinds, "the cookie")
	}
	if scheme, _, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		kinds = append(kinds, "Authorization: "+scheme)
	}
	if kinds == nil {
		return "no credential"
	}
	return "with " + strings.Join(kinds, " and ")
}

func (l *requestLog) stolen(how string, loot scenarios.Loot) {
	text := fmt.Sprintf(">>> %d bytes arrived at the attacker's, read %s: %s", loot.Bytes, how, cut(loot.Excerpt, 160))
	l.say(wrap(report.Visible(text), "    "))
}

// A statusWriter knows the status of the reply.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find what the server's writer can do.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
