package cors

import (
	"math"
	"strconv"
	"time"
)

// MaxAge returns how long a server lets browsers keep the answer to a preflight
// (Fetch standard, #http-access-control-max-age); ok is false when the header is
// absent or no number of seconds. Browsers then keep it for 5 seconds, and none
// keeps it for as long as it is told: Chrome stops at two hours.
func MaxAge(h Headers) (d time.Duration, ok bool) {
	value, _ := h.Get(HeaderMaxAge)
	if !isDigits(value) {
		return 0, false
	}
	seconds, _ := strconv.ParseInt(value, 10, 64) // too large gives the largest
	return time.Duration(min(seconds, math.MaxInt64/int64(time.Second))) * time.Second, true
}
