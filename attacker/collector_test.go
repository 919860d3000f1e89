package attacker

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// What arrives is kept for the attempt that the query names, within the limits;
// the sum is of all that is kept.
func FuzzCollector(f *testing.F) {
	f.Add("POST", "attempt=attempt-1", "loot")
	f.Add("POST", "attempt=%zz&attempt=", strings.Repeat("\xff", excerptLimit+1))
	f.Add("POST", ";attempt=1", "")
	f.Add("GET", "attempt=1", "loot")
	f.Fuzz(func(t *testing.T, method, query, body string) {
		c := newCollector()
		r := httptest.NewRequest("POST", collectorPath, strings.NewReader(body))
		r.Method, r.URL.RawQuery = method, query
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		// What is malformed in a query is left out, as net/http does.
		values, _ := url.ParseQuery(query)
		loot := c.take(values.Get("attempt"))
		if method != http.MethodPost {
			if loot != nil || w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s is answered %d and leaves %v", method, w.Code, loot)
			}
			return
		}
		if loot == nil {
			t.Fatal("nothing is kept")
		}
		kept := body[:min(len(body), lootLimit)]
		sum := sha256.Sum256([]byte(kept))
		if loot.Bytes != len(kept) || loot.SHA256 != hex.EncodeToString(sum[:]) ||
			len(loot.Excerpt) > excerptLimit || !strings.HasPrefix(body, loot.Excerpt) {
			t.Errorf("of %d bytes it keeps %+v", len(body), *loot)
		}
		if c.take(values.Get("attempt")) != nil {
			t.Error("it is given twice")
		}
	})
}
