package recording

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/crossexam/crossexam/cors"
)

// commandLimit bounds a text of commands, in bytes.
const commandLimit = 8 << 20

// ReadCurl reads commands that developer tools copied ("Copy as cURL", for Bash or
// for cmd). They say nothing of the answers.
func ReadCurl(r io.Reader) (Recording, error) {
	data, err := io.ReadAll(newBounded(r, commandLimit))
	if err != nil {
		return Recording{}, err
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if !utf8.ValidString(text) {
		return Recording{}, errors.New("it is no text in UTF-8")
	}
	if strings.Contains(text, "Invoke-WebRequest") || strings.HasPrefix(text, "$session") {
		return Recording{}, errors.New(`it is written for PowerShell: copy the request again with "Copy as cURL (bash)"`)
	}
	split := posixCommands
	if isCmd(text) {
		split = cmdCommands
	}
	commands, err := split(text)
	if err != nil {
		return Recording{}, fmt.Errorf("it cannot be read as commands: %w", err)
	}
	made := Recording{Source: "curl commands"}
	for i, words := range commands {
		q, err := curl(words)
		if err != nil {
			return Recording{}, fmt.Errorf("command %d: %w", i+1, err)
		}
		if len(made.Requests) == requestLimit {
			return Recording{}, fmt.Errorf("there are more than %d commands", requestLimit)
		}
		made.Requests = append(made.Requests, q)
	}
	if len(made.Requests) == 0 {
		return Recording{}, errors.New(`there is no command in it: copy a request in the developer tools with "Copy as cURL"`)
	}
	return made, nil
}

// Options of curl that take a value. Those that matter here have their long name as
// the value, the others an empty one.
var (
	shortOptions = map[byte]string{
		'X': "request", 'H': "header", 'b': "cookie", 'd': "data", 'u': "user", 'A': "user-agent", 'e': "referer", 'F': "form",
		'o': "", 'T': "", 'x': "", 'm': "", 'w': "", 'K': "", 'E': "", 'c': "", 'C': "", 'D': "", 'Q': "", 'r': "", 't': "", 'U': "", 'Y': "", 'y': "", 'z': "", 'P': "", 'h': "",
	}
	longOptions = strings.Fields(`request header cookie data data-raw data-binary data-ascii data-urlencode json user user-agent referer form url
		form-string output upload-file proxy max-time write-out config cert cert-type key key-type cacert capath pass cookie-jar continue-at dump-header range
		connect-timeout connect-to resolve retry retry-delay retry-max-time limit-rate interface dns-servers ciphers tls-max tls13-ciphers proxy-user
		proxy-header max-redirs max-filesize stderr trace trace-ascii unix-socket socks5 socks5-hostname noproxy speed-limit speed-time time-cond
		request-target aws-sigv4 oauth2-bearer expect100-timeout keepalive-time rate curves engine`)
)

// curl is the request that a command makes.
func curl(words []string) (Request, error) {
	program := strings.ToLower(words[0])
	program = program[strings.LastIndexAny(program, `/\`)+1:]
	if program != "curl" && program != "curl.exe" {
		return Request{}, fmt.Errorf(`it begins with %.40q and not with curl: copy requests with "Copy as cURL"`, words[0])
	}
	var c command
	for i := 1; i < len(words); i++ {
		word := words[i]
		name, takes := "", false
		value := ""
		switch {
		case word == "" || word == "-" || word[0] != '-':
			name, value = "url", word
		case strings.HasPrefix(word, "--"):
			name = word[2:]
			takes = slices.Contains(longOptions, name)
		default:
			for at := 1; at < len(word); at++ {
				var long string
				if long, takes = shortOptions[word[at]]; takes {
					name, value = long, word[at+1:]
					break
				}
				c.flag(map[byte]string{'G': "get", 'I': "head"}[word[at]])
			}
		}
		if takes && value == "" {
			if i++; i == len(words) {
				return Request{}, fmt.Errorf("the option %.40q has no value", word)
			}
			value = words[i]
		}
		if err := c.option(name, value); err != nil {
			return Request{}, err
		}
	}
	return c.request()
}

// A command collects what the options of one say.
type command struct {
	method, url string
	headers     cors.Headers
	data        []string
	hasData     bool
	contentType string // unless there is a header
	get, head   bool
}

func (c *command) flag(name string) {
	c.get = c.get || name == "get"
	c.head = c.head || name == "head"
}

func (c *command) option(name, value string) error {
	set := func(name, value string) { c.headers = append(c.headers, cors.Header{Name: name, Value: value}) }
	body := func(contentType, value string) {
		c.hasData = true
		c.data = append(c.data, value)
		c.contentType = contentType
	}
	const form = "application/x-www-form-urlencoded"
	switch name {
	case "get", "head":
		c.flag(name)
	case "url":
		if c.url != "" {
			return fmt.Errorf("it has two URLs, %.80q and %.80q: are its quotes right?", c.url, value)
		}
		c.url = value
	case "request":
		c.method = value
	case "header":
		if line, text, ok := strings.Cut(value, ":"); ok && strings.TrimSpace(text) != "" {
			set(strings.TrimSpace(line), strings.TrimSpace(text))
		}
	case "cookie":
		if strings.Contains(value, "=") { // else the name of a file
			set("Cookie", value)
		}
	case "user-agent":
		set("User-Agent", value)
	case "referer":
		set("Referer", value)
	case "user":
		set("Authorization", "Basic "+value) // which nobody decodes
	case "oauth2-bearer":
		set("Authorization", "Bearer "+value)
	case "data", "data-ascii", "data-binary":
		if strings.HasPrefix(value, "@") {
			value = "" // a file, which is not read
		}
		body(form, value)
	case "data-raw", "data-urlencode":
		body(form, value)
	case "json":
		body("application/json", value)
	case "form", "form-string":
		body("multipart/form-data", "")
	}
	return nil
}

func (c *command) request() (Request, error) {
	raw := c.url
	if raw != "" && !strings.Contains(raw, "://") {
		raw = "http://" + raw // as curl does
	}
	u, ok := ParseURL(raw)
	if !ok {
		return Request{}, fmt.Errorf("%.80q is not the URL of a request", c.url)
	}
	q := Request{Method: strings.ToUpper(c.method), URL: u, Headers: c.headers}
	switch {
	case c.get:
		if len(c.data) > 0 {
			query := strings.Join(c.data, "&")
			if u.RawQuery != "" {
				query = u.RawQuery + "&" + query
			}
			u.RawQuery = query
		}
	case c.hasData:
		q.Body = strings.Join(c.data, "&")
		if !q.Headers.Has("Content-Type") {
			q.Headers = append(q.Headers, cors.Header{Name: "Content-Type", Value: c.contentType})
		}
	}
	if q.Method == "" {
		switch {
		case c.head:
			q.Method = "HEAD"
		case c.hasData && !c.get:
			q.Method = "POST"
		default:
			q.Method = "GET"
		}
	}
	if _, err := url.ParseRequestURI(u.String()); err != nil {
		return Request{}, fmt.Errorf("%.80q is not the URL of a request", c.url)
	}
	q.Cookies = CookieNames(q.Headers)
	q.Kind = kindOf(q, c.url)
	return q, nil
}
