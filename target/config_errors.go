package target

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/crossexam/crossexam/scenarios"
)

// ErrorConfig is a way to provoke an error.
type ErrorConfig struct {
	Status      int               `yaml:"status"`
	None        bool              `yaml:"none"`   // nothing is provoked with this status unless it is named
	Method      string            `yaml:"method"` // empty is GET
	Path        string            `yaml:"path"`
	Headers     map[string]string `yaml:"headers"`
	Body        string            `yaml:"body"`
	BodyBytes   int               `yaml:"body_bytes"`
	Anonymous   bool              `yaml:"anonymous"`
	Unhandled   bool              `yaml:"unhandled"`
	Proxy       bool              `yaml:"proxy"`
	SafeToWrite bool              `yaml:"safe_to_write"`
}

func (e ErrorConfig) recipe() scenarios.ErrorRecipe {
	return scenarios.ErrorRecipe{
		Status: e.Status, Method: orGET(e.Method), Path: e.Path, Headers: sortedHeaders(e.Headers), Body: e.Body, BodyBytes: e.BodyBytes,
		Anonymous: e.Anonymous, Unhandled: e.Unhandled, Proxy: e.Proxy, SafeToWrite: e.SafeToWrite,
	}
}

// isAnother checks that none of the errors before is by the same request, which is answered
// with one status.
func (e ErrorConfig) isAnother(before []ErrorConfig) error {
	for i, b := range before {
		x, y := e.recipe(), b.recipe()
		x.Status, y.Status, x.Unhandled, y.Unhandled, x.Proxy, y.Proxy, x.SafeToWrite, y.SafeToWrite = 0, 0, false, false, false, false, false, false
		if !b.None && reflect.DeepEqual(x, y) {
			return fmt.Errorf("errors[%d] is by the same request, %s %s, which gets one status: leave one of them out, or say in what they differ", i, x.Method, x.Path)
		}
	}
	return nil
}

func (e ErrorConfig) check() error {
	r := e.recipe()
	reads := scenarios.Endpoint{Method: r.Method}.Safe()
	switch {
	case e.None && !reflect.DeepEqual(e, ErrorConfig{Status: e.Status, None: true}):
		return errors.New("with none there is nothing to send: leave out all but status")
	case e.None:
		return nil
	case e.Body != "" && e.BodyBytes != 0:
		return errors.New("there are both body and body_bytes: write only one of them")
	case reads && (e.Body != "" || e.BodyBytes != 0):
		return fmt.Errorf("a %s has no body: leave it out, or name the method that the body is for", r.Method)
	case reads && e.SafeToWrite:
		return fmt.Errorf("a %s only reads, and goes through anyway: leave safe_to_write out, or name the method that writes", r.Method)
	case e.Unhandled && e.Status != http.StatusInternalServerError:
		return fmt.Errorf("an unhandled error has the status 500, and this one %d: leave unhandled out", e.Status)
	case e.Unhandled && e.Proxy:
		return errors.New("an unhandled error is the application's, not the proxy's: leave out one of the two")
	}
	return checkHeaders(r.Headers)
}

// unwanted reports whether the operator wants nothing provoked with a status unless it
// is named.
func (c Config) unwanted(status int) bool {
	return slices.ContainsFunc(c.Errors, func(e ErrorConfig) bool { return e.None && e.Status == status })
}

// unwantedRefusal is the same for the answer to a request without a login, whose status
// the target is not asked for yet.
func (c Config) unwantedRefusal() bool {
	return slices.ContainsFunc(c.Errors, func(e ErrorConfig) bool {
		return e.None && (e.Status < 400 || e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden)
	})
}

// addCommonErrors adds the error responses that can be provoked on any target,
// where none with that status is known, and the operator does not want to have them
// left alone.
func (c Config) addCommonErrors(t *scenarios.Target) {
	known := func(status int) bool {
		return c.unwanted(status) || slices.ContainsFunc(t.Errors, func(r scenarios.ErrorRecipe) bool { return r.Status == status && !r.Proxy })
	}
	if !known(404) {
		t.Errors = append(t.Errors, scenarios.ErrorRecipe{Status: 404, Method: "GET", Path: t.UnknownPath(), Guessed: true})
	}
	private := slices.DeleteFunc(t.PrivateReads(), func(e scenarios.Endpoint) bool { return e.Method != http.MethodGet })
	if t.Has(scenarios.ClientCert) {
		return // a server without the certificate may say 400, 401, 403, or nothing
	}
	if len(private) > 0 && !t.Has(scenarios.Network) && len(t.Credentials) > 0 && !known(401) && !known(403) && !c.unwantedRefusal() {
		t.Errors = append(t.Errors, scenarios.ErrorRecipe{Status: 401, Method: "GET", Path: private[0].Path, Headers: private[0].Headers, Anonymous: true, Guessed: true})
	}
}
