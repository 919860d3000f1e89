package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
	"github.com/crossexam/crossexam/target"
)

// reach is what an assistant can have examined: what is on this machine by its address,
// and what whoever started the command named.
type reach struct {
	own     cors.Origin // of the target that was named; the zero value for none
	allowed []target.SubjectPattern
}

func newReach(own target.Config, patterns []string) (reach, error) {
	var r reach
	if own.URL != "" {
		o, err := originOf(own.URL)
		if err != nil {
			return r, err
		}
		r.own = o
	}
	for _, p := range patterns {
		scheme, host, ok := strings.Cut(strings.ToLower(p), "://")
		if !ok || host == "" || strings.ContainsAny(host, "/?#@") || !strings.Contains(scheme, "*") && scheme != "http" && scheme != "https" {
			return r, fmt.Errorf("--allow-target %q is no pattern of origins: write it like https://*.staging.example.com or http://10.0.0.5:8080", p)
		}
		r.allowed = append(r.allowed, target.SubjectPattern{Origin: scheme + "://" + host})
	}
	return r, nil
}

// isOwn reports whether the address is of the target that was named.
func (r reach) isOwn(o cors.Origin) bool { return r.own != cors.Origin{} && o == r.own }

// check says why an address may not be examined. Nothing is looked up for it: a name
// that means this machine today may mean another tomorrow.
func (r reach) check(o cors.Origin) error {
	if o.IsLoopback() || r.isOwn(o) {
		return nil
	}
	for _, p := range r.allowed {
		if p.Meets(scenarios.Subject{Origin: o.String()}) {
			return nil
		}
	}
	return fmt.Errorf("%s may not be examined from here. %s Its operator can start `crossexam mcp` with --allow-target %s where that system may be tested", o, r, o)
}

// String says what may be examined.
func (r reach) String() string {
	names := []string{"this machine by its address (localhost, 127.0.0.1)"}
	if r.own != (cors.Origin{}) {
		names = append(names, r.own.String())
	}
	for _, p := range r.allowed {
		names = append(names, p.Origin)
	}
	return "May be examined: " + strings.Join(names, ", ") + "."
}

// originOf is the origin of a target's URL.
func originOf(address string) (cors.Origin, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return cors.Origin{}, fmt.Errorf("the target %q is not a URL: write it like http://127.0.0.1:5055 or https://api.example.com", withoutUser(address))
	}
	if u.User != nil {
		return cors.Origin{}, errors.New("the target has a user name in its URL: give it as HTTP authentication")
	}
	return cors.OriginOf(u), nil
}

// withoutUser is an address that cannot be read, without what may be a password in it.
func withoutUser(address string) string {
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		return "..." + address[at:]
	}
	return address
}
