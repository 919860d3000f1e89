package tap

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// proxy is the one that the environment names for the target (HTTPS_PROXY,
// HTTP_PROXY, NO_PROXY, and the same in lower case), or nil. A target on loopback
// has none, and neither has a fixture. The error repeats nothing of the variable,
// which may hold a password.
func (u Upstream) proxy() (*url.URL, error) {
	if u.URL == nil || u.Address != "" || u.namesLoopback() {
		return nil, nil
	}
	p, err := http.ProxyFromEnvironment(&http.Request{URL: u.URL})
	// What is no URL is tried once more with http:// before it, and then has a path.
	if err != nil || p != nil && (p.Hostname() == "" || strings.Trim(p.Path, "/") != "") {
		return nil, errors.New("what HTTPS_PROXY or HTTP_PROXY in the environment says is not the URL of a proxy: write it like http://proxy.example:3128, or name the target's host in NO_PROXY")
	}
	if p != nil {
		switch p.Scheme {
		case "http", "https", "socks5", "socks5h":
		default:
			return nil, errors.New("the proxy in HTTPS_PROXY or HTTP_PROXY is none that Crossexam can use: write http://, https://, socks5:// or socks5h:// before its name")
		}
	}
	return p, nil
}

// CheckProxy says what is wrong with the proxy that the environment names for the
// target.
func (u Upstream) CheckProxy() error {
	_, err := u.proxy()
	return err
}

// Secrets are the strings that must not appear in any output: the password of the
// proxy.
func (u Upstream) Secrets() []string {
	p, err := u.proxy()
	if err != nil || p == nil || p.User == nil {
		return nil
	}
	name := p.User.Username()
	password, ok := p.User.Password()
	if !ok || password == "" { // a token in the place of the name
		return []string{name, base64.StdEncoding.EncodeToString([]byte(name + ":"))}
	}
	return []string{password, name + ":" + password, base64.StdEncoding.EncodeToString([]byte(name + ":" + password))}
}

// proxyName is the proxy for people, without user and password.
func (d *dialer) proxyName() string {
	named := url.URL{Scheme: d.proxy.Scheme, Host: d.proxy.Host}
	return named.String()
}
