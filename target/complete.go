package target

import (
	"context"
	"errors"
	"strings"
)

// Complete checks the configuration, reads the startup log, asks the target for
// what the configuration does not say, and makes a deployment of it all: what
// `crossexam test` does step by step. The error is [Problems] with the
// configuration, or an [UnreachableError].
//
// It is for tests, which have nobody to read what was found: without a trusted
// origin, or with nothing to read, they would be green and say nothing, so both
// are errors.
func (c Config) Complete(ctx context.Context) (Deployment, error) {
	problem := func(entry, text string) (Deployment, error) {
		return Deployment{}, Problems{c.from.problem(entry, errors.New(text))}
	}
	if len(c.Trusted) == 0 {
		return problem("trusted", "no trusted origin: name the origin of the front end, such as https://app.example.com")
	}
	if c.Starts() {
		return problem("launch", "a test starts its server itself: leave the entry out")
	}
	if c.StartupLog.File == "-" {
		return problem("startup_log", "the startup log cannot come from standard input here: name a file")
	}
	if err := c.ReadLog(ctx, strings.NewReader("")); err != nil {
		return Deployment{}, err
	}
	c, found, err := c.Discover(ctx)
	if err != nil {
		return Deployment{}, err
	}
	if c.NeedsDiscovery() && len(found.Reads) == 0 && len(c.Endpoints) == 0 {
		return problem("read", "nothing was found at the target that can be read: name a path that answers with private data")
	}
	return c.Deployment(ctx)
}
