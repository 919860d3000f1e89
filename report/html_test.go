package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/engine"
	"github.com/crossexam/crossexam/report/internal/look"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// parsed returns all elements of a page, and its text without that of styles and
// scripts.
func parsed(t *testing.T, page string) (elements []*html.Node, text string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			elements = append(elements, n)
		}
		if n.Type == html.TextNode && n.Parent.Data != "style" && n.Parent.Data != "script" {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Type == html.ElementNode && !slices.Contains([]string{"code", "span", "a", "b"}, n.Data) {
			b.WriteString(" ")
		}
	}
	walk(root)
	return elements, b.String()
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func pageOf(t *testing.T, r Report, screens []engine.Screen) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.writeHTML(&b, screens); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestHTML(t *testing.T) {
	record := sample()
	elements, text := parsed(t, pageOf(t, reportOf(record, Meta{Version: "1.2.3"}), record.Screens))
	open, folded := 0, 0
	for _, n := range elements {
		if attribute(n, "class") != "evidence" {
			continue
		}
		folded++
		if slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "open" }) {
			open++
		}
	}
	if open != 1 || folded != 7 { // with the command line of the browser
		t.Errorf("%d of %d pieces of evidence are unfolded", open, folded)
	}
	for _, want := range []string{
		"Any web page can read this API with a visitor's session.",
		"The trusted front end can do its work.",
		"Exit code 1: a MUST requirement is violated (in a strict run a SHOULD too).",
		"2 causes violate a must", "0 causes of advice alone", "1 result could not be judged", "2 results conform", "1 does not apply",
		"34 bytes arrived at the attacker's server: " + sampleLoot,
		"Access-Control-Allow-Origin: https://evil.test Access-Control-Allow-Credentials: true",
		"any https:// site got data", "a subdomain or sibling let in", "a sandboxed frame or file (null) got data", "a site that begins as yours kept out",
		"2 causes: what the API does", "Every origin is echoed, with credentials.", "Fix: List the front end's origins", "4 results of WLD-001, CRD-002, PRE-003, HDR-003",
		"opens https://evil.test", "Allow-Origin: https://evil.test", "attacker's server",
		"FastAPI, Starlette", `allow_origins=["https://app.example.com"],`, "allow_credentials=True",
		"Title of ORG-001",
		"Cookie: session=[redacted]; theme=[redacted]",
		"left the browser; withheld from the target",
		"Preflight, by which",
		"cookie/closed passed blocked as expected",
		"Chrome 156.0.8078.79", "--headless=new", "allowed, so that the target's own defences are judged",
		"What was withheld", "PUT /api/notebooks/1, 2 times",
		"A page crashed and was opened once more",
		"poc/every-origin.html",
		"1.2.3", "23 November 2026, 11:34:56 UTC",
	} {
		if !strings.Contains(flat(text), want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestHTMLOfOtherEnds(t *testing.T) {
	for _, c := range []struct {
		name         string
		record       engine.Record
		want, absent []string
	}{
		{"conforms", of(judged("ORG-001", scenarios.Must, scenarios.Conforms, "blocked", read(sampleEvil, false))),
			[]string{"No web page of another origin could read this API's private data.", "Exit code 0: conforms."},
			[]string{"What was stolen", "what mends it", "A policy that", "broke off"}},
		{"broke off", faulty(engine.StageReach),
			[]string{"Could not judge: the target does not answer.", "Why the examination broke off", "connection refused", "What to do: Start it", "Nothing was judged.", "None was run.", "no browser"},
			[]string{"What was stolen"}},
		{"a control failed", faulty(engine.StageControls, stolen("WLD-001", sampleEvil)),
			[]string{"Could not judge: a control failed", "Exit code 3"}, []string{"What was stolen", "Any web page"}},
		{"empty", engine.Record{}, []string{"Could not judge"}, nil},
	} {
		_, text := parsed(t, pageOf(t, reportOf(c.record, Meta{}), nil))
		for _, want := range c.want {
			if !strings.Contains(flat(text), want) {
				t.Errorf("%s: %q is missing", c.name, want)
			}
		}
		for _, absent := range c.absent {
			if strings.Contains(flat(text), absent) {
				t.Errorf("%s: there is %q", c.name, absent)
			}
		}
	}
}

// Whatever the target sends, the page has no script but ours, fetches nothing, and shows
// control characters.
func TestHTMLIsInert(t *testing.T) {
	r, screens := hostileReport(t)
	elements, text := parsed(t, pageOf(t, r, screens))
	checkVisible(t, text, "\n\t")
	if !strings.Contains(text, `\x1b[2J\x1b]0;owned\x07\u009b31m\u202e`) || !strings.Contains(text, "<script>alert(1)</script>") {
		t.Error("the hostile text is not shown: the test proves nothing")
	}
	for _, n := range elements {
		if n.Data == "script" && n.FirstChild != nil && n.FirstChild.Data == scriptSource {
			continue
		}
		if attribute(n, "style") != "" {
			t.Errorf("<%s> has a style of its own, which the policy forbids", n.Data)
		}
		if slices.Contains([]string{"script", "iframe", "object", "embed", "link", "base"}, n.Data) {
			t.Errorf("there is a <%s>", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"):
				t.Errorf("<%s> has %s", n.Data, a.Key)
			case a.Key == "src" && !strings.HasPrefix(a.Val, "data:image/png;base64,"):
				t.Errorf("<%s> has the source %q", n.Data, a.Val)
			case a.Key == "href" && n.Data == "use" && !strings.HasPrefix(a.Val, "#"):
				t.Errorf("<use> has %q", a.Val)
			case a.Key == "href" && n.Data == "a" && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "poc/") &&
				!strings.HasPrefix(a.Val, "https://cwe.mitre.org/") && !strings.HasPrefix(a.Val, "https://fetch.spec.whatwg.org/"):
				t.Errorf("there is a link to %q", a.Val)
			}
		}
		if n.Data == "style" && strings.Contains(n.FirstChild.Data, "url(") {
			t.Error("the style sheet fetches something")
		}
	}
	if !slices.ContainsFunc(elements, func(n *html.Node) bool {
		return attribute(n, "http-equiv") == "Content-Security-Policy" && strings.HasPrefix(attribute(n, "content"), "default-src 'none';")
	}) {
		t.Error("the page has no policy")
	}
}

// Verdicts differ in word and shape, not in colour alone.
func TestHTMLMarksHaveWordsAndShapes(t *testing.T) {
	r := reportOf(accepting(sample(), "NUL-001"), Meta{})
	elements, _ := parsed(t, pageOf(t, r, nil))
	shapes := map[string]bool{}
	words := map[string]string{}
	for _, n := range elements {
		if n.Data == "symbol" {
			shapes[attribute(n, "id")] = true
		}
	}
	for _, n := range elements {
		if class, ok := strings.CutPrefix(attribute(n, "class"), "badge "); ok {
			use := n.FirstChild.FirstChild
			if shape := strings.TrimPrefix(attribute(use, "href"), "#"); shape != class || !shapes[shape] {
				t.Errorf("the badge %s has the shape %q", class, shape)
			}
			words[class] = n.LastChild.Data
		}
	}
	want := map[string]string{
		"violates": "violates", "cannot-tell": "could not judge", "conforms": "conforms",
		"accepted": "accepted", "not-applicable": "not applicable",
	}
	if fmt.Sprint(words) != fmt.Sprint(want) {
		t.Errorf("the words are %v", words)
	}
}

func TestHTMLLinksLeadSomewhere(t *testing.T) {
	r := reportOf(sample(), Meta{})
	elements, _ := parsed(t, pageOf(t, r, nil))
	ids := map[string]int{}
	for _, n := range elements {
		ids[attribute(n, "id")]++
	}
	files := map[string]bool{}
	for _, p := range r.proofsOfConcept() {
		files[p.Name] = true
	}
	for _, n := range elements {
		href := attribute(n, "href")
		if id, ok := strings.CutPrefix(href, "#"); ok && ids[id] != 1 {
			t.Errorf("%q is there %d times", href, ids[id])
		}
		if file, ok := strings.CutPrefix(href, "poc/"); ok && !files[file] {
			t.Errorf("there is no %q", href)
		}
	}
}

// What the policy names are the script and the style sheet as they are in the page.
func TestHTMLPolicyFits(t *testing.T) {
	page := pageOf(t, reportOf(sample(), Meta{}), nil)
	elements, _ := parsed(t, page)
	for _, n := range elements {
		if (n.Data == "script" || n.Data == "style") && !strings.Contains(pagePolicy, "'"+look.Hash(n.FirstChild.Data)+"'") {
			t.Errorf("the policy does not name the <%s>", n.Data)
		}
	}
	if strings.Contains(pagePolicy, "unsafe") {
		t.Errorf("the policy is %s", pagePolicy)
	}
}

// One line of the target's code is one finding: no sentence about what to do stands twice
// on a page, in a summary or on a terminal.
func TestFixesAreToldOnce(t *testing.T) {
	r := reportOf(ofRecording(t, "wildcard-echo-with-cookie"), Meta{})
	for name, text := range rendered(t, r, nil) {
		if name == "report.json" || name == "results.sarif" {
			continue // each result, and each rule with its help
		}
		if name == "report.html" {
			_, text = parsed(t, text)
		}
		for _, c := range r.Causes {
			fix := flat(c.Fix)
			if strings.HasSuffix(name, ".md") {
				fix = mdText(c.Fix)
			}
			if n := strings.Count(flat(text), fix); n > 1 {
				t.Errorf("%s says %d times how to mend %s", name, n, c.ID)
			}
		}
	}
}

// A report is not larger than a mail takes, nor that of an API where all is well.
func TestHTMLIsSmall(t *testing.T) {
	clean := len(pageOf(t, reportOf(ofRecording(t, "hardened"), Meta{}), nil))
	wild := reportOf(ofRecording(t, "wildcard-echo-with-cookie"), Meta{})
	many := wild
	for len(many.Results) < 2000 {
		many.Results = append(slices.Clone(many.Results), wild.Results...)
	}
	if size := len(pageOf(t, many, nil)); clean > 400<<10 || size > 3<<20 {
		t.Errorf("a clean report has %d bytes, one of %d results %d", clean, len(many.Results), size)
	}
}

func TestHTMLPictures(t *testing.T) {
	record := sample()
	r := reportOf(record, Meta{})
	screens := append(record.Screens,
		engine.Screen{Name: "other.png", PNG: picturePNG()},
		engine.Screen{Name: "malicious-page-cookie.png", PNG: []byte("<svg onload=alert(1)>")})
	elements, _ := parsed(t, pageOf(t, r, screens))
	images := 0
	for _, n := range elements {
		if n.Data == "img" {
			images++
			if attribute(n, "alt") == "" {
				t.Error("a picture has no words")
			}
		}
	}
	if images != 1 {
		t.Errorf("there are %d pictures: only those that the report names, and that are pictures", images)
	}
}

func TestTheftsAreToldOnce(t *testing.T) {
	basic := stolen("WLD-001", sampleEvil)
	basic.Subject.Credential = scenarios.Basic
	frame := stolen("NUL-001", "null")
	frame.Subject.Endpoint = "GET /other"
	r := reportOf(of(stolen("ORG-001", "https://x.test"), stolen("WLD-001", sampleEvil), basic, stolen("WLD-002", "http://evil.test"), frame), Meta{})
	got := r.thefts(2)
	if len(got) != 2 || got[0].ID != "WLD-001" || fmt.Sprint(got[0].Also) != "[ with a visitor's password]" || got[1].Subject.Endpoint != "GET /other" || got[1].More != 2 {
		t.Errorf("got %+v", got)
	}
}

// A reader comes from the answer to what was stolen, who can read what, and what mends it;
// how all endpoints decide is for whoever wants to know more.
func TestSectionsInOrder(t *testing.T) {
	record := sample()
	r := reportOf(record, Meta{})
	r.Sweep = &Sweep{Classes: []SweepClass{{ID: "P1", Endpoints: 3}}}
	r.Inferred = &Inferred{}
	r.Premises = newPremises([]scenarios.Premise{{Endpoint: "GET /me", Finding: scenarios.Private}})
	r.Cookies = []Cookie{{Name: "session"}}
	page := pageOf(t, r, record.Screens)
	at := 0
	for _, heading := range []string{
		"What is private", "What was stolen", "Who can read what", "The victim's cookies", "What this API trusts", "All endpoints",
		"what mends it", "A policy that", "Requirements",
	} {
		next := strings.Index(page[at:], heading)
		if next < 0 {
			t.Fatalf("%q does not come where it should", heading)
		}
		at += next
	}
}

// The framework that the target's document speaks of comes before what answers in front
// of it.
func TestSnippetOfTheDocument(t *testing.T) {
	o := read(sampleEvil, true)
	o.Exchanges[0].Response.Headers = append(o.Exchanges[0].Response.Headers, cors.Header{Name: "Server", Value: "nginx"})
	record := of(judged("WLD-001", scenarios.Must, scenarios.Violates, "", o))
	for stack, want := range map[string]string{"": "nginx", "fastapi": "fastapi"} {
		got := reportOf(record, Meta{Stack: stack}).policySnippets()
		if got[0].ID != want || !got[0].Likely {
			t.Errorf("stack %q: the first snippet is %s", stack, got[0].ID)
		}
	}
	for _, p := range target.Presets() {
		if p.Stack != "" && !slices.ContainsFunc(snippetsFor(CORSPolicy{}), func(s Snippet) bool { return s.ID == p.Stack }) {
			t.Errorf("the preset %s names the snippet %q, which there is not", p.Name, p.Stack)
		}
	}
}

// What allowed several thefts is told once.
func TestWhatAllowedTheftsIsToldOnce(t *testing.T) {
	first, second := stolen("WLD-001", sampleEvil), stolen("WLD-001", sampleEvil)
	second.Subject.Endpoint = "GET /api/notes"
	_, text := parsed(t, pageOf(t, reportOf(of(first, second), Meta{}), nil))
	if n := strings.Count(text, "The API allowed it with"); n != 1 || !strings.Contains(flat(text), "GET /api/notes in the same way: 34 bytes") {
		t.Errorf("told %d times:\n%s", n, flat(text))
	}
}

func TestOpening(t *testing.T) {
	for in, want := range map[string]string{
		"the 200 reply": "The 200 reply", "https://evil.test read": "https://evil.test read", "null is": "null is", "": "",
		"`x` is": "`x` is", "access-control-allow-origin is": "access-control-allow-origin is", "no web page": "No web page",
	} {
		if got := opening(in); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
}

// What a diagnosis says is not said again of the endpoint.
func TestPremiseOfADiagnosisIsToldOnce(t *testing.T) {
	r := reportOf(faulty(engine.StagePremises), Meta{})
	r.Diagnoses = []Diagnosis{{Detail: "GET /me: the victim's cookie was refused: 401, as to a stranger"}}
	r.Premises = []Premise{{Endpoint: "GET /me", Finding: scenarios.CredentialRefused, Sentence: "GET /me: the victim's cookie was refused: 401, as to a stranger"}}
	_, page := parsed(t, pageOf(t, r, nil))
	for name, got := range map[string]string{"page": page, "terminal": text(t, r, TextOptions{})} {
		if n := strings.Count(flat(got), "cookie was refused"); n != 1 {
			t.Errorf("%s: told %d times:\n%s", name, n, got)
		}
	}
	if got := r.Counts(); got != "Nothing was judged; 0 attempts in 0.0 s." {
		t.Errorf("counts: %s", got)
	}
}
