package attacker

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"sync"
	"unicode/utf8"

	"github.com/crossexam/crossexam/scenarios"
)

// lootLimit bounds what the collector keeps of one attempt, in bytes.
const lootLimit = 256 << 10

// excerptLimit bounds the excerpt of the loot that reports carry, in bytes.
const excerptLimit = 2 << 10

// A collector is the attacker's drop: pages POST to it what they could read.
// What arrives here has left the victim's browser, which is the proof of an
// exfiltration. It is safe for concurrent use.
type collector struct {
	mu   sync.Mutex
	loot map[string]scenarios.Loot
}

func newCollector() *collector { return &collector{loot: map[string]scenarios.Loot{}} }

// ServeHTTP takes the loot of the attempt that the query names.
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, lootLimit))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	excerpt := min(len(body), excerptLimit)
	for 0 < excerpt && excerpt < len(body) && !utf8.RuneStart(body[excerpt]) {
		excerpt-- // not to cut a character in two
	}
	sum := sha256.Sum256(body)
	c.mu.Lock()
	c.loot[r.URL.Query().Get("attempt")] = scenarios.Loot{
		Bytes:   len(body),
		SHA256:  hex.EncodeToString(sum[:]),
		Excerpt: string(body[:excerpt]),
	}
	c.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// take gives and forgets the loot of an attempt, or nil.
func (c *collector) take(attempt string) *scenarios.Loot {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.loot[attempt]
	if !ok {
		return nil
	}
	delete(c.loot, attempt)
	return &l
}
