package recording

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/crossexam/crossexam/cors"
)

// ReadHAR reads a HAR file (HTTP Archive 1.2,
// https://w3c.github.io/web-performance/specs/HAR/Overview.html) as Chrome, Firefox,
// Safari and Playwright write it, the latter's archive with the bodies beside it too.
// The error says where in the file it is none.
func ReadHAR(r io.Reader) (Recording, error) {
	in := bufio.NewReader(newBounded(r, sizeLimit))
	if isZip(in) {
		return readArchive(in)
	}
	return readHAR(in, nil)
}

// readHAR reads a HAR file, whose bodies attached has where they stand beside it.
func readHAR(in *bufio.Reader, attached attachments) (Recording, error) {
	if mark, err := in.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = in.Discard(3) // which were just seen
	}
	h := harReader{pages: map[string]string{}, attached: attached}
	h.Decoder = json.NewDecoder(&shortened{r: in, used: func() int64 { return h.InputOffset() }})
	if err := h.object(func(key string) error {
		if key == "log" {
			return h.log()
		}
		return h.skip()
	}); err != nil {
		return Recording{}, h.explain(err)
	}
	if !h.logged {
		return Recording{}, errors.New("it is no HAR file: it has no log")
	}
	for i := range h.made.Requests {
		h.made.Requests[i].Page = h.pages[h.refs[i]]
	}
	return h.made, nil
}

// A harReader takes a file piece by piece: the whole of it, with the bodies of all
// answers, need not fit into memory.
type harReader struct {
	*json.Decoder
	made   Recording
	refs   []string          // the page of each request
	pages  map[string]string // their URLs
	logged bool
	entry  int // that is being read, from 1

	attached attachments
}

func (h *harReader) explain(err error) error {
	place := fmt.Sprintf("near byte %d", h.InputOffset())
	if h.entry > 0 {
		place = fmt.Sprintf("in entry %d, ", h.entry) + place
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("it is no whole HAR file: it breaks off %s", place)
	default:
		return fmt.Errorf("it is no HAR file: %s: %w", place, err)
	}
}

// object reads an object, whose values value reads.
func (h *harReader) object(value func(key string) error) error {
	if err := h.begin('{'); err != nil {
		return err
	}
	for h.More() {
		key, err := h.Token()
		if err != nil {
			return err
		}
		if err := value(fmt.Sprint(key)); err != nil {
			return err
		}
	}
	_, err := h.Token()
	return err
}

func (h *harReader) begin(delimiter json.Delim) error {
	token, err := h.Token()
	if err == nil && token != delimiter {
		err = fmt.Errorf("there is %.40q in the place of %s", fmt.Sprint(token), delimiter)
	}
	return err
}

func (h *harReader) skip() error {
	var ignored json.RawMessage
	return h.Decode(&ignored)
}

func (h *harReader) log() error {
	h.logged = true
	return h.object(func(key string) error {
		switch key {
		case "creator":
			var by struct{ Name, Version string }
			err := h.Decode(&by)
			h.made.Source = strings.TrimSpace(by.Name + " " + by.Version)
			return err
		case "pages":
			var pages []struct{ ID, Title string }
			err := h.Decode(&pages)
			for _, p := range pages {
				// Chrome and Safari have its URL there.
				if _, ok := ParseURL(p.Title); ok {
					h.pages[p.ID] = p.Title
				}
			}
			return err
		case "entries":
			return h.entries()
		}
		return h.skip()
	})
}

func (h *harReader) entries() error {
	if err := h.begin('['); err != nil {
		return err
	}
	for h.More() {
		if h.entry++; h.entry > requestLimit {
			return fmt.Errorf("there are more than %d", requestLimit)
		}
		var e harEntry
		if err := h.Decode(&e); err != nil {
			return err
		}
		e.attach(h.attached)
		if q, ok := e.request(); ok {
			h.made.Requests = append(h.made.Requests, q)
			h.refs = append(h.refs, e.PageRef)
		}
	}
	h.entry = 0
	_, err := h.Token()
	return err
}

// A harEntry is what is needed of an entry. Names that begin with _ are a browser's
// own: Chrome and Playwright have resource types, Chrome the messages of WebSockets.
type harEntry struct {
	PageRef string `json:"pageref"`
	Request struct {
		Method   string
		URL      string
		Headers  []cors.Header
		Cookies  []struct{ Name string }
		PostData *struct {
			Text   string
			File   string `json:"_file"` // Playwright's, in the place of the text
			Params []struct{ Name, Value string }
		} `json:"postData"`
	}
	Response struct {
		// Firefox has null where there was no answer.
		Status  *float64
		Headers []cors.Header
		Content struct {
			MimeType string `json:"mimeType"`
			File     string `json:"_file"`
		}
	}
	ResourceType string       `json:"_resourceType"`
	Messages     []harMessage `json:"_webSocketMessages"`
}

// A harMessage is one of a WebSocket.
type harMessage struct {
	Type   string
	Opcode float64
	Data   string
}

func (e harEntry) request() (Request, bool) {
	u, ok := ParseURL(e.Request.URL)
	if !ok {
		return Request{}, false
	}
	q := Request{Method: strings.ToUpper(e.Request.Method), URL: u, Headers: withoutPseudo(e.Request.Headers), Answer: withoutPseudo(e.Response.Headers)}
	if s := e.Response.Status; s != nil && *s >= 100 && *s < 600 {
		q.Status = int(*s)
	} else {
		q.Failed = true
	}
	if post := e.Request.PostData; post != nil {
		q.Body = post.Text
		if q.Body == "" && len(post.Params) > 0 {
			form := make([]string, len(post.Params))
			for i, p := range post.Params { // as they were written
				form[i] = p.Name + "=" + p.Value
			}
			q.Body = strings.Join(form, "&")
		}
		q.BodyLeftOut = q.Body == ""
	}
	for _, c := range e.Request.Cookies {
		q.Cookies = append(q.Cookies, c.Name)
	}
	if len(q.Cookies) == 0 {
		q.Cookies = CookieNames(q.Headers)
	}
	if kind := e.Response.Content.MimeType; kind != "" && !q.Answer.Has("Content-Type") {
		q.Answer = append(q.Answer, cors.Header{Name: "Content-Type", Value: kind})
	}
	for _, m := range e.Messages {
		if m.Type == "send" && m.Opcode == 1 {
			q.Sent = append(q.Sent, m.Data)
		}
	}
	q.Kind = e.kind(q)
	return q, true
}

// kind is what the browser says, or what the request itself says.
func (e harEntry) kind(q Request) Kind {
	switch e.ResourceType {
	case "xhr", "fetch":
		return Fetch
	case "preflight", "eventsource", "websocket":
		return Kind(e.ResourceType)
	case "":
		return kindOf(q, e.Request.URL)
	}
	return Other
}

// kindOf is for recordings without resource types: those of Firefox and Safari, and
// commands.
func kindOf(q Request, raw string) Kind {
	dest, _ := q.Headers.Get("Sec-Fetch-Dest")
	accept, _ := q.Headers.Get("Accept")
	content, _ := q.Answer.Get("Content-Type")
	switch {
	case q.Status == 101, strings.HasPrefix(strings.ToLower(raw), "ws"), strings.EqualFold(dest, "websocket"), q.Headers.Has("Sec-WebSocket-Key"):
		return WebSocket
	case q.Method == "OPTIONS" && q.Headers.Has("Access-Control-Request-Method"):
		return Preflight
	case strings.HasPrefix(accept, "text/event-stream"), strings.HasPrefix(content, "text/event-stream"):
		return EventSource
	case strings.EqualFold(dest, "empty"):
		return Fetch
	case dest != "":
		return Other
	}
	return Unknown
}

// withoutPseudo leaves out what HTTP/2 has in the place of a request line.
func withoutPseudo(lines []cors.Header) cors.Headers {
	var h cors.Headers
	for _, line := range lines {
		if line.Name != "" && !strings.HasPrefix(line.Name, ":") {
			h = append(h, line)
		}
	}
	return h
}

// CookieNames are those of the cookies that a request carries.
func CookieNames(h cors.Headers) []string {
	var names []string
	for _, line := range h.Values("Cookie") {
		for pair := range strings.SplitSeq(line, ";") {
			if name, _, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
				names = append(names, name)
			}
		}
	}
	return names
}
