package cors

import (
	"strconv"
	"strings"
	"testing"
)

func TestBound(t *testing.T) {
	var many Headers
	for i := range 20_000 {
		many = append(many, Header{Name: "X-" + strconv.Itoa(i), Value: "v"})
	}
	many = append(many, Header{Name: HeaderAllowOrigin, Value: "*"}, Header{Name: "vary", Value: "Origin"})
	kept, left := many.Bound(500, 64<<10)
	if len(kept) != 500 || left != len(many)-500 || kept[0].Name != "X-0" || kept[499].Name != "vary" || kept[498].Name != HeaderAllowOrigin {
		t.Errorf("%d kept, %d left out, the last is %v", len(kept), left, kept[len(kept)-1])
	}
	if kept, left := many[:500].Bound(500, 64<<10); len(kept) != 500 || left != 0 {
		t.Errorf("%d kept, %d left out", len(kept), left)
	}
	long := Headers{{Name: "A", Value: strings.Repeat("a", 1000)}, {Name: "B", Value: "b"}, {Name: HeaderAllowMethods, Value: strings.Repeat("m", 1000)}}
	kept, left = long.Bound(500, 400)
	if len(kept) != 3 || left != 2 || len(kept[0].Value) != 99 || kept[1] != long[1] || kept[2].Name != HeaderAllowMethods || len(kept[2].Name+kept[2].Value) != 100 {
		t.Errorf("%v, %d left out", kept, left)
	}
	for range 10 {
		long = append(long, long[2])
	}
	if kept, left = long.Bound(500, 400); len(kept) != 4 || left != len(long) {
		t.Errorf("%v, %d left out", kept, left)
	}
	if kept, left := Headers(nil).Bound(1, 1); kept != nil || left != 0 {
		t.Errorf("%v, %d", kept, left)
	}
}

func TestDecides(t *testing.T) {
	for name, want := range map[string]bool{
		"access-control-allow-origin": true, "Access-Control-Request-Method": true, "VARY": true, "Origin": true, "Cookie": true, "location": true, "Authorization": true,
		"": false, "access-control-": false, "Set-Cookie": false, "Original": false, "X-Access-Control-Allow-Origin": false,
	} {
		if got := Decides(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
