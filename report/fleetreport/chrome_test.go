package fleetreport

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/crossexam/crossexam/attacker/browsertest"
)

// The page of 10,000 targets works in a real browser, from the disk and under its own
// policy: nothing is wider than the screen, it is found, sorted and turned by mouse and by
// keyboard, and what is chosen is in the address.
func TestPageInChrome(t *testing.T) {
	dir := t.TempDir()
	then := population(10_000, 7)
	now := aWeekLater(then)
	now[4].Name = `</script><img src=x onerror=document.title="stolen"> zzz`
	f := New(now, then, Options{Name: "shop"})
	if err := WriteAll(dir, f, 0); err != nil {
		t.Fatal(err)
	}
	opened := filepath.Join(dir, f.targets[0].Report)
	if err := os.MkdirAll(filepath.Dir(opened), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(opened, []byte("<title>its own report</title>"), 0o666); err != nil {
		t.Fatal(err)
	}
	page := (&url.URL{Scheme: "file", Path: filepath.Join(dir, "fleet.html")}).String()
	r := browsertest.OpenReader(t, "MAP * ~NOTFOUND")
	r.Seen(1280, "light")
	r.Open(page)
	r.Quiet("opening")
	for _, width := range []int64{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			r.Seen(width, scheme)
			if got := r.Says("document.documentElement.scrollWidth <= innerWidth"); got != "true" {
				t.Errorf("%d pixels, %s: too wide are %s", width, scheme, r.Says(`[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth && !e.closest(".scroll")).map(e => e.tagName + "." + e.className).slice(0, 5)`))
			}
			if (width == 1280) == (scheme == "light") { // each width and each scheme once
				// Of ten rows: of a hundred it would say the same, and take long.
				search := `(document.getElementById("words").value = %q, document.getElementById("words").dispatchEvent(new Event("input", {bubbles: true})))`
				r.Says(fmt.Sprintf(search, "api-0000"))
				r.Accessible(fmt.Sprintf("%d pixels, %s", width, scheme))
				r.Says(fmt.Sprintf(search, ""))
			}
		}
	}
	took, err := strconv.ParseFloat(r.Says(`performance.getEntriesByType("navigation")[0].domInteractive`), 64)
	if err != nil {
		t.Error(err)
	}
	t.Logf("interactive after %.0f ms", took)

	const first = `document.querySelector("#table tbody tr")`
	choose := func(id, value string) string {
		return fmt.Sprintf(`(document.querySelector("form.filter").reset(), new Promise(done => setTimeout(() => { const e = document.getElementById(%q); e.value = %q; e.dispatchEvent(new Event("input", {bubbles: true})); done(document.getElementById("found").textContent + " | " + location.hash); })))`, id, value)
	}
	click := func(column string) string {
		return fmt.Sprintf(`(document.querySelector("th[data-sort=%s] button").click(), %s.querySelector(".open").textContent)`, column, first)
	}
	count := func(fits func(target) bool) string {
		n := 0
		for _, t := range f.targets {
			if fits(t) {
				n++
			}
		}
		return number(n)
	}
	for _, c := range []struct{ what, do, want string }{
		{"all are there", `document.getElementById("found").textContent`, "10,000 targets"},
		{"a hundred are shown", `document.querySelectorAll("#table tbody tr").length`, "100"},
		{"the gravest first", first + `.querySelector(".stolen").textContent`, "yes"},
		{"a verdict", choose("verdict", "cannot-tell"), count(func(t target) bool { return t.code == 3 }) + " targets | #verdict=cannot-tell"},
		{"what is new", choose("trend", "new"), "2 targets | #trend=new"},
		{"what was fixed", choose("trend", "fixed"), "3 targets | #trend=fixed"},
		{"an owner", choose("owner", "team-03"), count(func(t target) bool { return t.Owner == "team-03" }) + " targets | #owner=team-03"},
		{"a cause", choose("cause", "null-origin"), "2 targets | #cause=null-origin"},
		{"words", choose("words", "API-00042 example"), "1 target | #words=API-00042+example"},
		{"a sweep", choose("stage", "sweep"), count(func(t target) bool { return t.Stage == Sweep }) + " targets | #stage=sweep"},
		{"what cannot be found", choose("words", "nothing at all"), "0 targets | #words=nothing+at+all"},
		{"a hostile name is text", choose("words", "zzz"), "1 target | #words=zzz"},
		{"and makes no element", `document.querySelectorAll("img").length + document.title`, "0Crossexam fleet: shop"},
		{"a sweep has no report", choose("stage", "sweep") + `.then(() => ` + first + `.querySelector("a") === null)`, "true"},
		{"all again", choose("words", ""), "10,000 targets | "},
		{"sorted by name", click("title"), now[4].Name},
		{"the other way", click("title"), "service 9999"},
		{"which is said", `document.querySelector("th[data-sort=title]").getAttribute("aria-sort") + location.hash`, "descending#sort=-title"},
		{"sorted by severity", click("worst") + ` && ` + first + `.querySelector(".grave").textContent`, "high"},
		{"the next page", `(document.getElementById("later").click(), document.getElementById("shown").textContent)`, "101 to 200 of 10,000"},
		{"and back", `(document.getElementById("earlier").click(), document.getElementById("shown").textContent + document.getElementById("earlier").disabled)`, "1 to 100 of 10,000true"},
		{"an address is read", `new Promise(done => { addEventListener("hashchange", () => done(document.getElementById("found").textContent + document.getElementById("verdict").value), {once: true}); location.hash = "#verdict=cannot-tell&owner=team-03"; })`,
			count(func(t target) bool { return t.code == 3 && t.Owner == "team-03" }) + " targetscannot-tell"},
		{"from a cause to its targets", `(document.querySelector("button[data-value=null-origin]").click(), new Promise(done => setTimeout(() => done(document.getElementById("found").textContent + document.activeElement.id), 0)))`, "2 targetscause"},
		{"paper gets more", choose("words", "") + `.then(() => { dispatchEvent(new Event("beforeprint")); const n = document.querySelectorAll("#table tbody tr").length; dispatchEvent(new Event("afterprint")); return n + "," + document.querySelectorAll("#table tbody tr").length; })`, "1000,100"},
		{"the keyboard comes to all of it", `[...document.querySelectorAll("a, button, input, select, summary")].every(e => e.tabIndex >= 0)`, "true"},
	} {
		if got := r.Says(c.do); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}

	// By keyboard alone: sort, go to the first target, unfold it, open its report.
	r.Says(`document.querySelector("th[data-sort=stolen] button").focus()`)
	r.Press(kb.Enter)
	if got := r.Says(`document.querySelector("th[data-sort=stolen]").getAttribute("aria-sort") + document.activeElement.textContent`); got != "ascendingStolen" {
		t.Errorf("Enter on a column: %s", got)
	}
	r.Says(first + `.querySelector("summary").focus()`)
	r.Press(kb.Enter)
	if got := r.Says(first + `.querySelector("details").open && ` + first + `.querySelector(".causes").checkVisibility()`); got != "true" {
		t.Errorf("Enter on a cause: %s", got)
	}
	r.Quiet("using it")
	r.Says(first + `.querySelector("a").focus()`)
	if got, want := r.Says(`document.activeElement.href.endsWith(`+strconv.Quote(f.targets[0].link())+`)`), "true"; got != want {
		t.Errorf("the first target leads to %s", r.Says("document.activeElement.href"))
	}
	r.Press(kb.Enter)
	if got := r.Says(`new Promise(done => { const look = () => document.title === "its own report" ? done(document.title) : setTimeout(look, 10); look(); })`); got != "its own report" {
		t.Errorf("Enter on a target: %s", got)
	}
}
