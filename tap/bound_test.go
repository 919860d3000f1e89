package tap

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/crossexam/crossexam/cors"
)

// TestRecordIsBounded: a target that always sends all that the limits let through
// cannot fill the memory, and what was left out is said.
func TestRecordIsBounded(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := newRecord()
	for i := range 900 {
		head := []byte("HTTP/1.1 200 OK\r\n" + strings.Repeat(fmt.Sprintf("X-%d: %s\r\n", i, strings.Repeat("v", 100)), 1000) + "Access-Control-Allow-Origin: *\r\n\r\n")
		status, headers, err := parseHead(head)
		if err != nil {
			t.Fatal(err)
		}
		r.add(cors.Exchange{
			Request:  cors.Request{Method: "GET", URL: "https://api.test/" + strings.Repeat("a", 100<<10)},
			Response: &cors.Response{Status: status, Headers: headers, Body: strings.Repeat("b", 256<<10)},
		})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if held := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20; held > 100 {
		t.Errorf("900 exchanges hold %d MB", held)
	}
	first, last := r.exchanges[0].Response, r.exchanges[899].Response
	if len(first.Body) != 256<<10 || first.Truncated || first.HeadersLeftOut < 400 || !first.Headers.Has("Access-Control-Allow-Origin") {
		t.Errorf("of the first there are %d bytes, %v, and %d lines are left out", len(first.Body), first.Truncated, first.HeadersLeftOut)
	}
	if len(last.Body) != 16<<10 || !last.Truncated || len(last.Headers) > 100 || !last.Headers.Has("Access-Control-Allow-Origin") {
		t.Errorf("of the last there are %d bytes, %v, and %d lines", len(last.Body), last.Truncated, len(last.Headers))
	}
	if !slices.Contains(r.notes, cutHeads) || !slices.Contains(r.notes, cutRoom) || len(r.notes) != 2 {
		t.Errorf("the notes are %q", r.notes)
	}
}

func TestRedirectsKeepLittle(t *testing.T) {
	r := newRecord()
	body := strings.Repeat("b", 100<<10)
	r.add(cors.Exchange{Response: &cors.Response{Status: 302, Headers: cors.Headers{{Name: "Location", Value: "/"}}, Body: body}})
	r.add(cors.Exchange{Response: &cors.Response{Status: 302, Body: body}}) // no redirect
	if p := r.exchanges[0].Response; len(p.Body) != 4<<10 || !p.Truncated {
		t.Errorf("%d bytes, %v", len(p.Body), p.Truncated)
	}
	if p := r.exchanges[1].Response; len(p.Body) != 100<<10 || p.Truncated || len(r.notes) > 0 {
		t.Errorf("%d bytes, %v, %q", len(p.Body), p.Truncated, r.notes)
	}
}

func TestBodiesAreForgotten(t *testing.T) {
	r := newRecord()
	r.room.noBodies = true
	r.add(cors.Exchange{Request: cors.Request{Method: "POST", Body: "query"}, Response: &cors.Response{Status: 200, Body: "long"}})
	r.add(cors.Exchange{Response: &cors.Response{Status: 204}})
	if e := r.exchanges[0]; e.Request.Body != "query" || e.Response.Body != "" || !e.Response.Truncated {
		t.Errorf("%+v", e)
	}
	if p := r.exchanges[1].Response; p.Truncated || len(r.notes) > 0 {
		t.Errorf("without a body: %+v, %q", p, r.notes)
	}
}

func TestWithheldKindsAreBounded(t *testing.T) {
	r := newRecord()
	for i := range 2 * withheldKinds {
		r.add(withheld(cors.Request{Method: "POST", URL: fmt.Sprintf("https://api.test/%d", i)}))
	}
	r.add(withheld(cors.Request{Method: "POST", URL: "https://api.test/0"}))
	if len(r.withheld) != withheldKinds || r.withheld[0].Count != 2 || !slices.Contains(r.notes, cutKinds) {
		t.Errorf("%d kinds, %v, %q", len(r.withheld), r.withheld[0], r.notes)
	}
}
