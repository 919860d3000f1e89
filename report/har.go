package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// HTTP Archive 1.2 (https://w3c.github.io/web-performance/specs/HAR/Overview.html), as
// far as a recording has something to say. A field with an underscore is one of ours,
// or, as _error, of Chrome's.
type (
	harFile struct {
		Log harLog `json:"log"`
	}
	harLog struct {
		Version string     `json:"version"`
		Creator harCreator `json:"creator"`
		Comment string     `json:"comment"`
		Pages   []harPage  `json:"pages"`
		Entries []harEntry `json:"entries"`
	}
	harCreator struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	// A harPage stands for an attempt.
	harPage struct {
		Started string   `json:"startedDateTime"`
		ID      string   `json:"id"`
		Title   string   `json:"title"`
		Timings struct{} `json:"pageTimings"`
	}
	harEntry struct {
		Page     string      `json:"pageref"`
		Started  string      `json:"startedDateTime"`
		Time     int         `json:"time"`
		Request  harRequest  `json:"request"`
		Response harResponse `json:"response"`
		Cache    struct{}    `json:"cache"`
		Timings  harTimings  `json:"timings"`
		Comment  string      `json:"comment,omitempty"`
	}
	harTimings struct {
		Send    int `json:"send"`
		Wait    int `json:"wait"`
		Receive int `json:"receive"`
	}
	harRequest struct {
		Method      string       `json:"method"`
		URL         string       `json:"url"`
		HTTPVersion string       `json:"httpVersion"`
		Cookies     []harCookie  `json:"cookies"`
		Headers     []Header     `json:"headers"`
		Query       []Header     `json:"queryString"`
		PostData    *harPostData `json:"postData,omitempty"`
		HeadersSize int          `json:"headersSize"`
		BodySize    int          `json:"bodySize"`
	}
	harPostData struct {
		MIMEType string     `json:"mimeType"`
		Params   []struct{} `json:"params"`
		Text     string     `json:"text"`
	}
	harResponse struct {
		Status      int         `json:"status"` // 0 where there was no answer
		StatusText  string      `json:"statusText"`
		HTTPVersion string      `json:"httpVersion"`
		Cookies     []harCookie `json:"cookies"`
		Headers     []Header    `json:"headers"`
		Content     harContent  `json:"content"`
		RedirectURL string      `json:"redirectURL"`
		HeadersSize int         `json:"headersSize"`
		BodySize    int         `json:"bodySize"`
		Error       string      `json:"_error,omitempty"`
	}
	harContent struct {
		Size     int    `json:"size"`
		MIMEType string `json:"mimeType"`
		Text     string `json:"text"`
	}
	harCookie struct {
		Name     string `json:"name"`
		Value    string `json:"value"`
		HTTPOnly bool   `json:"httpOnly"`
		Secure   bool   `json:"secure"`
	}
)

// writeHAR writes exchanges.har: what crossed the wire in each attempt, for the network
// panel of developer tools. Neither the times nor the version of HTTP were recorded.
func (r Recording) writeHAR(w io.Writer) error {
	at := r.Started.UTC().Format(time.RFC3339)
	log := harLog{
		Version: "1.2", Creator: harCreator{"Crossexam", cmp.Or(r.Tool.Version, "unknown")},
		Comment: "A page is an attempt, in the order of the requirements. Secrets are " + target.Redacted + ". Times were not recorded: each is that of the run's beginning.",
		Pages:   []harPage{}, Entries: []harEntry{},
	}
	for i, o := range r.Observations {
		page := harPage{Started: at, ID: fmt.Sprintf("attempt-%d", i+1), Title: attemptTitle(o.Attempt)}
		if len(o.Exchanges) > 0 {
			log.Pages = append(log.Pages, page)
		}
		for _, x := range o.Exchanges {
			log.Entries = append(log.Entries, harEntry{Page: page.ID, Started: at, Request: harRequestOf(x.Request), Response: harResponseOf(x), Comment: string(o.Block.Reason)})
		}
	}
	text, err := json.Marshal(harFile{log})
	if err != nil {
		return err
	}
	_, err = w.Write(escapeUnprintable(append(text, '\n')))
	return err
}

// attemptTitle says what a page did: "fetch GET https://api.example.com/me from
// https://evil.test with cookie".
func attemptTitle(a scenarios.Attempt) string {
	s := fmt.Sprintf("%s %s %s from %s", a.Vector, a.Method, a.URL, a.Origin())
	switch {
	case a.Omit:
		return s + " with credentials mode omit"
	case a.Identity != scenarios.Anonymous:
		return s + " with " + string(a.Identity)
	}
	return s
}

func harRequestOf(q cors.Request) harRequest {
	out := harRequest{
		Method: q.Method, URL: q.URL, HTTPVersion: "unknown", Headers: harHeaders(q.Headers), Query: harQuery(q.URL),
		Cookies: harCookies((&http.Request{Header: http.Header{"Cookie": q.Headers.Values("Cookie")}}).Cookies()), HeadersSize: -1, BodySize: len(q.Body),
	}
	if q.Body != "" {
		kind, _ := q.Headers.Get("Content-Type")
		out.PostData = &harPostData{MIMEType: kind, Params: []struct{}{}, Text: q.Body}
	}
	return out
}

func harResponseOf(x cors.Exchange) harResponse {
	out := harResponse{HTTPVersion: "unknown", Headers: []Header{}, Cookies: []harCookie{}, HeadersSize: -1, BodySize: -1, Error: x.Fault}
	r := x.Response
	if r == nil {
		out.Content.MIMEType = "x-unknown"
		return out
	}
	out.Status, out.StatusText, out.Headers = r.Status, http.StatusText(r.Status), harHeaders(r.Headers)
	out.Cookies = harCookies((&http.Response{Header: http.Header{"Set-Cookie": r.Headers.Values("Set-Cookie")}}).Cookies())
	out.RedirectURL, _ = r.Headers.Get("Location")
	out.Content.MIMEType, _ = r.Headers.Get("Content-Type")
	out.Content.Text, out.Content.Size = r.Body, len(r.Body)
	if !r.Truncated {
		out.BodySize = len(r.Body)
	}
	return out
}

func harHeaders(lines cors.Headers) []Header {
	list := []Header{}
	for _, h := range lines {
		list = append(list, Header(h))
	}
	return list
}

func harCookies(cookies []*http.Cookie) []harCookie {
	list := []harCookie{}
	for _, c := range cookies {
		list = append(list, harCookie{c.Name, target.Redacted, c.HttpOnly, c.Secure})
	}
	return list
}

func harQuery(rawURL string) []Header {
	list := []Header{}
	u, err := url.Parse(rawURL)
	if err != nil || u.RawQuery == "" {
		return list
	}
	decoded := func(s string) string {
		if d, err := url.QueryUnescape(s); err == nil {
			return d
		}
		return s
	}
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		list = append(list, Header{decoded(name), decoded(value)})
	}
	return list
}
