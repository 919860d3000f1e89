package target

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/target/bounded"
)

// storageFile is the part of a Playwright storage state that is used
// (https://playwright.dev/docs/api/class-browsercontext#browser-context-storage-state).
type storageFile struct {
	Cookies []storedCookie `json:"cookies"`
	Origins []struct {
		Origin       string `json:"origin"`
		LocalStorage []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"localStorage"`
	} `json:"origins"`
}

type storedCookie struct {
	Name         string   `json:"name"`
	Value        string   `json:"value"`
	Domain       string   `json:"domain"` // with a dot before it for a domain cookie
	Path         string   `json:"path"`
	Expires      *float64 `json:"expires"` // Unix time in seconds, -1 for the session
	HTTPOnly     bool     `json:"httpOnly"`
	Secure       bool     `json:"secure"`
	SameSite     string   `json:"sameSite"`
	PartitionKey string   `json:"partitionKey"`
}

func (c storedCookie) expired(now time.Time) bool {
	return c.Expires != nil && *c.Expires >= 0 && *c.Expires < float64(now.Unix())
}

// readStorageFile decodes a storage state. Its errors repeat no value of a cookie.
func readStorageFile(data []byte) (storageFile, error) {
	var file storageFile
	if err := bounded.JSON(data, bounded.Limits{Bytes: fileLimit, Depth: 32, Values: 200_000}); err != nil {
		return file, fmt.Errorf("the storage state cannot be read: %w", err)
	}
	if err := json.Unmarshal(data, &file); err != nil {
		// The library's message can repeat what it does not understand.
		return file, errors.New("the storage state is not one: it must be the JSON that Playwright's context.storageState({path}) writes")
	}
	return file, nil
}

// A BrowserState is all that a Playwright storage state keeps of a browser: the cookies
// of every host, and what pages have in their localStorage.
type BrowserState struct {
	Cookies []http.Cookie // each with its domain, which begins with a dot where subdomains get it too
	Local   map[cors.Origin]map[string]string
}

// LoadBrowserState reads a storage state whole, for a browser in which somebody works.
// What has expired is left out. Its errors repeat no value.
func LoadBrowserState(file string) (BrowserState, error) {
	data, err := readFile(file)
	if err != nil {
		return BrowserState{}, fmt.Errorf("the storage state cannot be read: %w", err)
	}
	return parseBrowserState(data, time.Now())
}

func parseBrowserState(data []byte, now time.Time) (BrowserState, error) {
	file, err := readStorageFile(data)
	if err != nil {
		return BrowserState{}, err
	}
	s := BrowserState{Local: map[cors.Origin]map[string]string{}}
	sameSite := map[string]http.SameSite{"Strict": http.SameSiteStrictMode, "Lax": http.SameSiteLaxMode, "None": http.SameSiteNoneMode}
	for i, c := range file.Cookies {
		if c.expired(now) {
			continue
		}
		if c.Name == "" || strings.Trim(c.Domain, ".") == "" {
			return s, fmt.Errorf("cookie %d of the storage state has no name or no domain", i+1)
		}
		s.Cookies = append(s.Cookies, http.Cookie{
			Name: c.Name, Value: c.Value, Domain: c.Domain, Path: cmp.Or(c.Path, "/"), Secure: c.Secure, HttpOnly: c.HTTPOnly, SameSite: sameSite[c.SameSite],
		})
	}
	for i, o := range file.Origins {
		origin, err := cors.ParseOrigin(o.Origin)
		if err != nil {
			return s, fmt.Errorf("origin %d of the storage state is none: %w", i+1, err)
		}
		items := map[string]string{}
		for _, item := range o.LocalStorage {
			items[item.Name] = item.Value
		}
		s.Local[origin] = items
	}
	return s, nil
}

// storageState is what an examination takes of a storage state.
type storageState struct {
	cookies []string // Set-Cookie syntax
	notes   []string // for the report
}

// loadStorageState reads the cookies that the file keeps for the target's host.
// Its errors repeat no value of a cookie.
func loadStorageState(file string, own cors.Origin) (storageState, error) {
	data, err := readFile(file)
	if err != nil {
		return storageState{}, fmt.Errorf("the storage state cannot be read: %w", err)
	}
	return parseStorageState(data, own, time.Now())
}

func parseStorageState(data []byte, own cors.Origin, now time.Time) (storageState, error) {
	file, err := readStorageFile(data)
	if err != nil {
		return storageState{}, err
	}
	var s storageState
	others, expired := 0, 0
	for i, c := range file.Cookies {
		switch {
		case !domainMatches(own.Host(), c.Domain):
			others++
			continue
		case c.expired(now):
			expired++
			continue
		}
		line := c.Name + "=" + c.Value
		if c.Path != "" {
			line += "; Path=" + c.Path
		}
		if strings.HasPrefix(c.Domain, ".") {
			line += "; Domain=" + c.Domain[1:]
		}
		switch c.SameSite {
		case "Strict", "Lax", "None":
			line += "; SameSite=" + c.SameSite
		case "":
		default:
			return storageState{}, fmt.Errorf("cookie %d of the storage state has a sameSite that is not Strict, Lax or None", i+1)
		}
		if c.Secure {
			line += "; Secure"
		}
		if c.HTTPOnly {
			line += "; HttpOnly"
		}
		if c.PartitionKey != "" {
			line += "; Partitioned"
		}
		// A value with a semicolon in it would become attributes.
		parsed, err := ParseSetCookie(line)
		if err != nil || len(parsed.Unparsed) > 0 || parsed.Name != c.Name || parsed.Value != c.Value || strings.ContainsAny(c.Name+c.Value+c.Path+c.Domain, ";\r\n") {
			return storageState{}, fmt.Errorf("cookie %d of the storage state cannot be written as Set-Cookie: its name, value, path or domain has a character that is not allowed there", i+1)
		}
		s.cookies = append(s.cookies, line)
	}
	if len(s.cookies) == 0 {
		return storageState{}, fmt.Errorf("the storage state has no cookie for %s that is still valid (%d expired, %d of other hosts): log in and save it again", own.Host(), expired, others)
	}
	note := fmt.Sprintf("The victim has %d cookies of the storage state", len(s.cookies))
	if others+expired > 0 {
		note += fmt.Sprintf("; %d of other hosts and %d expired ones were left out", others, expired)
	}
	s.notes = append(s.notes, note+".")
	if len(file.Origins) > 0 {
		s.notes = append(s.notes, "The storage state keeps localStorage too, which was not used: a browser does not send it by itself.")
	}
	return s, nil
}

// domainMatches follows RFC 6265, section 5.1.3, as Playwright writes domains: a
// leading dot means that subdomains get the cookie too.
func domainMatches(host, domain string) bool {
	domain = strings.ToLower(domain)
	parent, ok := strings.CutPrefix(domain, ".")
	return host == domain || ok && parent != "" && (host == parent || strings.HasSuffix(host, domain))
}
