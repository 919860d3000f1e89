package cors

import (
	"slices"
	"strings"
	"testing"
)

// lines builds a header list from names and values in turn.
func lines(nameValue ...string) Headers {
	var h Headers
	for nv := range slices.Chunk(nameValue, 2) {
		h = append(h, Header{nv[0], nv[1]})
	}
	return h
}

func TestHeadersGet(t *testing.T) {
	for _, tc := range []struct {
		h    Headers
		want string
		ok   bool
	}{
		{nil, "", false},
		{lines("Y", "1"), "", false},
		{lines("X", ""), "", true},
		{lines("x", "1"), "1", true},
		{lines("X", " \t1\t "), "1", true},
		{lines("X", "1", "Y", "2", "x", "3"), "1, 3", true},
		{lines("X", "", "X", "1"), ", 1", true},
		{lines("X", "1 ", "X", " 2"), "1, 2", true},
		{lines("X", "a,  b"), "a,  b", true}, // what is inside a line stays
	} {
		if got, ok := tc.h.Get("X"); got != tc.want || ok != tc.ok {
			t.Errorf("Get of %q = %q, %v, want %q, %v", tc.h, got, ok, tc.want, tc.ok)
		}
		if tc.h.Has("x") != tc.ok {
			t.Errorf("Has of %q = %v", tc.h, !tc.ok)
		}
	}
}

func TestHeadersList(t *testing.T) {
	h := lines("X", " a ,, b\t", "Y", "c", "x", "", "X", "\tD")
	if got, want := h.List("X"), []string{"a", "b", "D"}; !slices.Equal(got, want) {
		t.Errorf("List = %q, want %q", got, want)
	}
	if !h.ListHas("X", "d") || h.ListHas("X", "c") {
		t.Error("ListHas must ignore case and other headers")
	}
	if got, want := h.Values("x"), []string{" a ,, b\t", "", "\tD"}; !slices.Equal(got, want) {
		t.Errorf("Values = %q, want the lines as they are, %q", got, want)
	}
}

func FuzzHeadersList(f *testing.F) {
	f.Add("a, b", "c")
	f.Add(",\t,", "")
	f.Fuzz(func(t *testing.T, first, second string) {
		items := lines("X", first, "Y", "no", "x", second).List("X")
		for _, i := range items {
			if i == "" || trim(i) != i || strings.Contains(i, ",") {
				t.Errorf("item %q of %q, %q", i, first, second)
			}
		}
		if again := lines("X", strings.Join(items, ",")).List("X"); !slices.Equal(again, items) {
			t.Errorf("%q reads again as %q", items, again)
		}
	})
}

func TestMediaType(t *testing.T) {
	for value, want := range map[string]string{
		"application/json":                   "application/json",
		" Application/JSON ; charset=UTF-8 ": "application/json",
		"text/event-stream;x":                "text/event-stream",
		";charset=utf-8":                     "",
	} {
		if got := lines("content-type", value).MediaType(); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
	if got := (Headers)(nil).MediaType(); got != "" {
		t.Errorf("without any: %q", got)
	}
}
