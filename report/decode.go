package report

import (
	"bytes"
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A view is a text as it reads decoded, with the place in the original from which
// each byte comes. Looking for a secret in what a text stands for finds it however
// it is written: %70assword, p\u0061ssword.
type view struct {
	text []byte
	// Where each byte stands in the original, from inclusive to exclusive; nil where
	// the view is the original. A from of -1 marks a byte that stands for nothing,
	// across which no secret reaches.
	from, to []int32
}

func (v view) start(i int) int {
	if v.from == nil {
		return i
	}
	return int(v.from[i])
}

// end is where the byte ends that stands before i.
func (v view) end(i int) int {
	if v.to == nil {
		return i
	}
	return int(v.to[i-1])
}

func (v view) isBarrier(i int) bool { return v.from != nil && v.from[i] < 0 }

// A decoder gives a view of a view, and whether there was anything to decode.
// shortest is the length of the shortest secret: where less is encoded it need not
// look.
type decoder func(v view, shortest int) (view, bool)

// decoders are the encodings that are looked through, up to two around each other:
// JSON in JSON, a URL in a URL, base64 in a URL.
var decoders = []decoder{
	func(v view, _ int) (view, bool) { return unescaped(v, '%', percent) },
	func(v view, _ int) (view, bool) { return unescaped(v, '+', percentOrPlus) },
	func(v view, _ int) (view, bool) { return unescaped(v, '\\', backslash) },
	func(v view, _ int) (view, bool) { return unescaped(v, '&', entity) },
	func(v view, shortest int) (view, bool) { return hexDigits(v, 0, shortest) },
	func(v view, shortest int) (view, bool) { return hexDigits(v, 1, shortest) },
	func(v view, shortest int) (view, bool) { return base64Digits(v, 0, shortest) },
	func(v view, shortest int) (view, bool) { return base64Digits(v, 1, shortest) },
	func(v view, shortest int) (view, bool) { return base64Digits(v, 2, shortest) },
	func(v view, shortest int) (view, bool) { return base64Digits(v, 3, shortest) },
}

// A derived view is one in the making.
type derived struct {
	view
	of view
}

func derive(v view) derived {
	d := derived{of: v}
	d.text = make([]byte, 0, len(v.text))
	d.from, d.to = make([]int32, 0, len(v.text)), make([]int32, 0, len(v.text))
	return d
}

// put appends bytes that stand for what is between i and j.
func (d *derived) put(i, j int, bytes ...byte) {
	from, to := int32(d.of.start(i)), int32(d.of.end(j))
	for _, b := range bytes {
		d.text, d.from, d.to = append(d.text, b), append(d.from, from), append(d.to, to)
	}
}

func (d *derived) barrier() {
	d.text, d.from, d.to = append(d.text, 0), append(d.from, -1), append(d.to, -1)
}

// unescaped decodes escapes, of which the view must have a sign. decode gives the
// bytes that an escape at the beginning of a text stands for, and its length; 0
// where there is none, and less where the text ends in the middle of one.
func unescaped(v view, sign byte, decode func([]byte) ([]byte, int)) (view, bool) {
	if bytes.IndexByte(v.text, sign) < 0 {
		return view{}, false
	}
	d := derive(v)
	changed := false
	for i := 0; i < len(v.text); {
		decoded, n := decode(v.text[i:])
		switch {
		case v.isBarrier(i):
			d.barrier()
			i++
		case n == cutOff:
			i = len(v.text)
			changed = true
		case n == 0:
			d.put(i, i+1, v.text[i])
			i++
		default:
			d.put(i, i+n, decoded...)
			i += n
			changed = true
		}
	}
	return d.view, changed
}

// cutOff is the length of an escape that the end of the text has cut off.
const cutOff = -1

func percent(s []byte) ([]byte, int) {
	if s[0] != '%' {
		return nil, 0
	}
	n, ok := number(s[1:], 2)
	switch {
	case ok:
		return []byte{byte(n)}, 3
	case len(s) < 3:
		return nil, cutOff
	}
	return nil, 0
}

func percentOrPlus(s []byte) ([]byte, int) {
	if s[0] == '+' {
		return []byte{' '}, 1
	}
	return percent(s)
}

// backslash decodes the escapes of JSON, JavaScript, Python and Go.
func backslash(s []byte) ([]byte, int) {
	if s[0] != '\\' {
		return nil, 0
	}
	if len(s) == 1 {
		return nil, cutOff
	}
	if i := strings.IndexByte(`"\/'`+"`bfnrtav", s[1]); i >= 0 {
		return []byte{("\"\\/'`\b\f\n\r\t\a\v")[i]}, 2
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[1]]
	if digits == 0 {
		return nil, 0
	}
	n, ok := number(s[2:], digits)
	switch {
	case !ok && len(s) < 2+digits:
		return nil, cutOff
	case !ok:
		return nil, 0
	case digits == 2:
		return []byte{byte(n)}, 4
	}
	r, length := rune(n), 2+digits
	if utf16.IsSurrogate(r) && len(s) >= length+6 && s[length] == '\\' && s[length+1] == 'u' {
		if low, ok := number(s[length+2:], 4); ok {
			if pair := utf16.DecodeRune(r, rune(low)); pair != utf8.RuneError {
				r, length = pair, length+6
			}
		}
	}
	return utf8.AppendRune(nil, r), length
}

// entity decodes a character reference of HTML.
func entity(s []byte) ([]byte, int) {
	const longest = 33 // &CounterClockwiseContourIntegral;
	if s[0] != '&' {
		return nil, 0
	}
	end := 1
	for end < len(s) && end < longest && (s[end] == '#' || base64Value(s[end]) < 62) {
		end++
	}
	if end == len(s) && end < longest {
		return nil, cutOff
	}
	if end == len(s) || s[end] != ';' {
		return nil, 0
	}
	reference := string(s[:end+1])
	if digits, ok := strings.CutPrefix(reference, "&#"); ok { // as it is meant, and not as HTML mends it
		digits, base := strings.TrimSuffix(digits, ";"), 10
		if hex := strings.TrimLeft(digits, "xX"); hex != digits {
			digits, base = hex, 16
		}
		if n, err := strconv.ParseUint(digits, base, 32); err == nil {
			return utf8.AppendRune(nil, rune(n)), len(reference)
		}
	}
	if text := html.UnescapeString(reference); text != reference {
		return []byte(text), len(reference)
	}
	return nil, 0
}

// number reads so many hexadecimal digits.
func number(s []byte, digits int) (uint64, bool) {
	if len(s) < digits || s[0] == '+' || s[0] == '-' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s[:digits]), 16, 32)
	return n, err == nil
}

// hexDigits decodes runs of hexadecimal digits, of which it skips so many first.
func hexDigits(v view, skip, shortest int) (view, bool) {
	return runs(v, 2*shortest, &hexadecimal, func(d *derived, at []int) {
		for at = at[min(skip, len(at)):]; len(at) >= 2; at = at[2:] {
			n, _ := number([]byte{v.text[at[0]], v.text[at[1]]}, 2)
			d.put(at[0], at[1]+1, byte(n))
		}
	})
}

// base64Digits decodes runs of the digits of base64 and base64url, of which it
// skips so many first: where the encoded text begins in a run is not known.
func base64Digits(v view, skip, shortest int) (view, bool) {
	return runs(v, shortest*4/3, &base64ish, func(d *derived, at []int) {
		at = at[min(skip, len(at)):]
		for ; len(at) >= 2; at = at[min(4, len(at)):] {
			group := at[:min(4, len(at))]
			var n uint32
			for _, i := range group {
				n = n<<6 | uint32(base64Value(v.text[i]))
			}
			n <<= 6 * (4 - len(group))
			for k := range len(group) - 1 {
				d.put(group[k], group[k+1]+1, byte(n>>(16-8*k)))
			}
		}
	})
}

// runs has each run of digits of a length decoded, and puts barriers between them.
// A run may be broken into lines. One at the end of the text may have been longer.
func runs(v view, least int, digits *[256]bool, decode func(d *derived, at []int)) (view, bool) {
	d := derived{of: v}
	var at []int // the digits of a run that is long enough
	found := false
	begin, n := 0, 0 // where a run begins, and how many digits it has
	flush := func(end int, atEnd bool) {
		if n >= least || atEnd && n >= 4 {
			at = at[:0]
			for i := begin; i < end; i++ {
				if digits[v.text[i]] {
					at = append(at, i)
				}
			}
			decode(&d, at)
			d.barrier()
			found = true
		}
		n = 0
	}
	for i, b := range v.text {
		switch {
		case digits[b] && !v.isBarrier(i):
			if n == 0 {
				begin = i
			}
			n++
		case n == 0 || b == '\r' || b == '\n':
		default:
			flush(i, isEllipsis(v.text[i:]))
		}
	}
	flush(len(v.text), true)
	return d.view, found
}

func isEllipsis(text []byte) bool {
	return len(text) > 0 && text[0] == ellipsis[0] && bytes.HasPrefix(text, []byte(ellipsis))
}

// hexadecimal and base64ish are the digits of these encodings.
var hexadecimal, base64ish = func() (hex, base64 [256]bool) {
	for i := range 256 {
		b := byte(i)
		hex[i] = '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
		base64[i] = base64Value(b) < 64
	}
	return hex, base64
}()

func base64Value(b byte) byte {
	switch {
	case 'A' <= b && b <= 'Z':
		return b - 'A'
	case 'a' <= b && b <= 'z':
		return b - 'a' + 26
	case '0' <= b && b <= '9':
		return b - '0' + 52
	case b == '+' || b == '-':
		return 62
	case b == '/' || b == '_':
		return 63
	}
	return 64
}
