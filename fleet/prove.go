package fleet

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/crossexam/crossexam/report/fleetreport"
)

// Prove says which targets are examined in the browser: "all", which are not swept
// before, "suspects", of which the sweep says that something is granted or cannot tell,
// "N%", these and a sample of the others, or "none". The empty one is "suspects".
type Prove string

// Those that are words.
const (
	ProveAll      Prove = "all"
	ProveSuspects Prove = "suspects"
	ProveNone     Prove = "none"
)

// ParseProve reads what a flag says.
func ParseProve(s string) (Prove, error) {
	p := Prove(s)
	if p == ProveAll || p == ProveSuspects || p == ProveNone {
		return p, nil
	}
	if n, err := strconv.Atoi(strings.TrimSuffix(s, "%")); err == nil && strings.HasSuffix(s, "%") && n >= 0 && n <= 100 {
		return p, nil
	}
	return "", fmt.Errorf("%q does not say which targets are proved: write all, suspects, none, or a share of those that grant nothing, such as 5%%", s)
}

// proves reports whether a target is examined in the browser after a sweep that came
// to an outcome. A target that could not be swept is not: it did not answer.
func (p Prove) proves(t Target, swept fleetreport.Outcome) bool {
	switch {
	case p == ProveAll:
		return true
	case p == ProveNone, swept.Fault != nil:
		return false
	case swept.Grant != fleetreport.Ungranted:
		return true
	}
	share, _ := strconv.Atoi(strings.TrimSuffix(string(p), "%")) // 0 for a word
	return int(drawn(t.key())) < share
}

// drawn is a number from 0 to 99 that follows from the key alone, so that every worker
// draws the same sample.
func drawn(key string) uint64 {
	sum := sha256.Sum256([]byte("sample " + key))
	return binary.BigEndian.Uint64(sum[:8]) % 100
}
