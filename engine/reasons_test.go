package engine

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// Chrome gives each reason of the CORS protocol for what the oracle takes for its
// cause, and the two of its local-network checks for pages on a public address.
// The others that it has (cors.Reason) cannot be provoked here:
//
//   - DisallowedByMode and NoCorsRedirectModeNotFollow come with fetch modes that
//     Crossexam's pages do not use, and Chrome reports them elsewhere.
//   - InvalidLocalNetworkAccess is for a target whose place in the network changes
//     between two requests, which a stage on one machine cannot do.
//   - CorsDisabledScheme needs a scheme other than http and https, whose fetches the
//     page's JavaScript already refuses; a redirect to one is a network error.
//   - InvalidResponse is for responses that service workers make up.
//   - PreflightMissingAllowExternal and PreflightInvalidAllowExternal are left from a
//     proposal that Chrome no longer implements.
func TestEveryReason(t *testing.T) {
	var ts []trial
	var want []cors.Reason
	add := func(r cors.Reason, attempt func(*scenarios.Attempt), s script) {
		tr := trial{number: len(ts), script: s, attempt: scenarios.Attempt{
			Page: cors.MustParseOrigin(trialPage), Vector: scenarios.Fetch, Method: "GET",
			URL: trialAPI + trialPath(len(ts), 0), Trusted: true,
		}}
		attempt(&tr.attempt)
		ts, want = append(ts, tr), append(want, r)
	}
	allow := func(value string) cors.Headers { return cors.Headers{{Name: cors.HeaderAllowOrigin, Value: value}} }
	for reason, h := range map[cors.Reason]cors.Headers{
		cors.WildcardOriginNotAllowed:  allow("*"),
		cors.MissingAllowOriginHeader:  nil,
		cors.MultipleAllowOriginValues: append(allow(trialPage), allow(trialPage)...),
		cors.InvalidAllowOriginValue:   allow("page.test"),
		cors.AllowOriginMismatch:       allow("null"),
		cors.InvalidAllowCredentials:   append(allow(trialPage), cors.Header{Name: cors.HeaderAllowCredentials, Value: "True"}),
		cors.Allowed:                   granted(trialPage),
	} {
		add(reason, func(*scenarios.Attempt) {}, script{responses: []reply{{200, h}}})
		if reason != cors.Allowed {
			add("Preflight"+reason, func(a *scenarios.Attempt) { a.Method = "PUT" }, script{preflights: []reply{{204, h}}})
		}
	}
	for reason, p := range map[cors.Reason]reply{
		cors.PreflightInvalidStatus:               {404, nil},
		cors.PreflightDisallowedRedirect:          {302, cors.Headers{{Name: "Location", Value: "/"}}},
		cors.InvalidAllowMethodsPreflightResponse: {204, cors.Headers{{Name: cors.HeaderAllowMethods, Value: "P UT"}}},
		cors.InvalidAllowHeadersPreflightResponse: {204, cors.Headers{{Name: cors.HeaderAllowHeaders, Value: "X A"}}},
		cors.MethodDisallowedByPreflightResponse:  {204, cors.Headers{{Name: cors.HeaderAllowMethods, Value: "put"}}},
		cors.HeaderDisallowedByPreflightResponse:  {204, cors.Headers{{Name: cors.HeaderAllowMethods, Value: "PUT"}}},
		cors.Allowed: {204, cors.Headers{{Name: cors.HeaderAllowMethods, Value: "PUT"},
			{Name: cors.HeaderAllowHeaders, Value: "x-a"}}},
	} {
		p.headers = append(p.headers, granted(trialPage)...)
		add(reason, func(a *scenarios.Attempt) {
			a.Method, a.Headers = "PUT", cors.Headers{{Name: "X-A", Value: "1"}}
		}, script{[]reply{p}, []reply{{200, granted(trialPage)}}})
	}
	add(cors.RedirectContainsCredentials, func(*scenarios.Attempt) {}, script{responses: []reply{
		{302, append(granted(trialPage), cors.Header{Name: "Location", Value: "//user@api.test/"})}}})

	th := openTheater(t)
	provoked := map[cors.Reason]bool{}
	for i, o := range th.hold(t, ts) {
		if o.Block.Reason != want[i] || o.Read() != (want[i] == cors.Allowed) {
			t.Errorf("for %q Chrome says %q, readable %t", want[i], o.Block.Reason, o.Read())
		}
		if objection(o, th.server.wire(i)) != "" {
			th.report(t, ts[i])
		}
		provoked[o.Block.Reason] = true
	}
	public := "refused." + scenarios.PublicDomain
	for scheme, want := range map[string]cors.Reason{
		"http": cors.InsecureLocalNetwork, "https": cors.LocalNetworkAccessPermissionDenied,
	} {
		page := cors.NewOrigin(scheme, public, "")
		if scheme == "https" { // others may not even ask
			if err := th.tab.PermitLocalNetwork(t.Context(), page, scenarios.Refused); err != nil {
				t.Fatal(err)
			}
		}
		if err := th.tab.Open(t.Context(), page, attacker.TrustedFront); err != nil {
			t.Fatal(err)
		}
		ts[0].attempt.Page = page
		o := th.hold(t, ts[:1])[0]
		if why := objection(o, th.server.wire(0)); o.Block.Reason != want || why != "" {
			t.Errorf("for a page of %s Chrome says %q, %s", page, o.Block.Reason, why)
		}
	}
	for _, r := range policyReasons(t) {
		if !provoked[r] {
			t.Errorf("%s was not provoked", r)
		}
	}
}

// policyReasons are the reasons of the CORS protocol that package cors names.
func policyReasons(t *testing.T) []cors.Reason {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../cors/reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var reasons []cors.Reason
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			literal, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if r := cors.Reason(literal); r.IsPolicy() {
				reasons = append(reasons, r)
			}
		}
		return true
	})
	if len(reasons) == 0 {
		t.Fatal("package cors names no reason")
	}
	return reasons
}
