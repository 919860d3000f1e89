package engine

import (
	"context"

	"github.com/crossexam/crossexam/attacker"
	"github.com/crossexam/crossexam/target"
)

// GoDirect gives the lab a browser that reaches the deployment by itself. A fixture
// is verified by the lab's authority, so that it cannot be there before the lab.
func GoDirect(ctx context.Context, l *Lab, d target.Deployment) error {
	o, err := browserFor(ctx, target.BrowserConfig{}, d, attacker.Direct{})
	if err != nil {
		return err
	}
	l.options = o
	return l.restart(ctx)
}
