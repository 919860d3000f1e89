package tap

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/crossexam/crossexam/cors"
)

var errHeadTooLarge = errors.New("the head is larger than its limit")

// An otherProtocolError says that what came is no answer in HTTP/1, and what it may be.
type otherProtocolError struct{ begin string }

func (e otherProtocolError) Error() string {
	switch b := e.begin; {
	case strings.HasPrefix(b, "SSH-"):
		return "the target is an SSH server: is the port right?"
	case strings.HasPrefix(b, "\x15\x03"): // RFC 8446, section 5.1: an alert
		return "the target speaks TLS on this port: does the URL have to begin with https://?"
	case e.isHTTP2():
		return "the target speaks HTTP/2 without having been asked for it, which no browser understands: does it have another port, or is there a proxy in front of it?"
	case strings.HasPrefix(b, "<"):
		return fmt.Sprintf("the target's answer is not HTTP/1.1: it has no head, as in HTTP/0.9, which browsers refuse, and begins with %s", excerpt(b))
	}
	return fmt.Sprintf("the target's answer is not HTTP/1.1: it begins with %s: is the port right?", excerpt(e.begin))
}

// isHTTP2 reports whether it begins with a SETTINGS frame (RFC 9113, section 6.5).
func (e otherProtocolError) isHTTP2() bool {
	return len(e.begin) >= 4 && strings.HasPrefix(e.begin, "\x00\x00") && e.begin[3] == 4
}

// checkBegin waits for what a server says first, and gives an otherProtocolError where
// that cannot be HTTP/1: a server of another protocol may wait then. What r says is left
// to who reads on.
func checkBegin(r *bufio.Reader) error {
	if first, err := r.Peek(1); err != nil || first[0] == 'H' {
		return nil
	}
	begin, _ := r.Peek(r.Buffered()) // which are there
	return otherProtocolError{shorten(string(begin), 80)}
}

// readHead reads the head of a response from r, its closing empty line included,
// and not a byte more. With an error it gives what came before: errHeadTooLarge
// for more than limit bytes, or what r said.
func readHead(r *bufio.Reader, limit int64) ([]byte, error) {
	var head []byte
	line := 0 // where the current line begins
	for {
		part, err := r.ReadSlice('\n')
		head = append(head, part...)
		switch {
		case int64(len(head)) > limit:
			return head, errHeadTooLarge
		case errors.Is(err, bufio.ErrBufferFull):
			continue // the line goes on
		case err != nil:
			return head, err
		}
		if l := string(head[line:]); l == "\r\n" || l == "\n" {
			return head, nil
		}
		line = len(head)
	}
}

// parseHead reads a response's status and header lines from its head, as
// readHead gives it. Names and values are as the server wrote them, without the
// blanks around them; a line that is folded (RFC 9112, section 5.2) is one. It
// refuses what is not HTTP/1 and leaves the rest to http.ReadResponse.
func parseHead(head []byte) (status int, headers cors.Headers, err error) {
	first, rest, _ := strings.Cut(string(head), "\n")
	first = strings.TrimSuffix(first, "\r")
	version, after, _ := strings.Cut(first, " ")
	code, _, _ := strings.Cut(strings.TrimLeft(after, " "), " ")
	if major, _, ok := http.ParseHTTPVersion(version); !ok || major != 1 {
		return 0, nil, fmt.Errorf("it begins with %s", excerpt(first))
	}
	if len(code) != 3 || strings.Trim(code, "0123456789") != "" || code[0] == '0' {
		return 0, nil, fmt.Errorf("it has the status %s", excerpt(code))
	}
	for _, digit := range code {
		status = status*10 + int(digit-'0')
	}
	// A buffer, since a head may consist of folds.
	var value []byte
	endValue := func() {
		if n := len(headers); n > 0 {
			headers[n-1].Value = trimBlanks(string(value))
		}
	}
	for line := range strings.SplitSeq(rest, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" { // the closing line, and what SplitSeq finds after it
			break
		}
		if isBlank(line[0]) && len(headers) > 0 {
			value = append(append(value, ' '), trimBlanks(line)...)
			continue
		}
		name, begin, ok := strings.Cut(line, ":")
		if !ok || isBlank(line[0]) {
			return 0, nil, fmt.Errorf("%s is not a header line", excerpt(line))
		}
		endValue()
		// Chrome too reads a name without the blanks that end it, which RFC 9112,
		// section 5.1 forbids.
		headers = append(headers, cors.Header{Name: strings.TrimRight(name, " \t")})
		value = append(value[:0], trimBlanks(begin)...)
	}
	endValue()
	return status, headers, nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func trimBlanks(s string) string { return strings.Trim(s, " \t") }

// excerpt quotes the beginning of a text that may be long.
func excerpt(s string) string { return fmt.Sprintf("%q", shorten(s, 60)) }

// shorten cuts a text that is longer, and says so: whoever redacts it knows by the
// ellipsis that half a secret may stand before.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}
