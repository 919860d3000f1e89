package tap

import "testing"

// Bodies that wait for the browser have their bound all together, and each a part in any case.
func TestTransitIsBounded(t *testing.T) {
	const most = 16 << 20
	tr := newTransit(Limits{BodyBytes: most})
	var waiting []*berth
	for i := range 100 {
		b := tr.enter(most)
		if want := int64(most); i < 6 && b.bytes != want {
			t.Fatalf("the %d. has room for %d bytes", i+1, b.bytes)
		}
		if i >= 6 && b.bytes != sureBody {
			t.Fatalf("the %d. has room for %d bytes", i+1, b.bytes)
		}
		waiting = append(waiting, b)
	}
	if small := tr.enter(10); small.bytes != 10 {
		t.Errorf("a small one has room for %d bytes", small.bytes)
	}
	for _, b := range waiting {
		b.shrink(1) // as most bodies are short
		b.shrink(0)
	}
	if b := tr.enter(most); b.bytes != most {
		t.Errorf("when all have gone there is room for %d bytes", b.bytes)
	}
	var unbounded *transit
	for range 100 {
		if b := unbounded.enter(most); b.bytes != most {
			t.Fatalf("without a bound there is room for %d bytes", b.bytes)
		}
	}
}
