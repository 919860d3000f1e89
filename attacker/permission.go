package attacker

import (
	"context"
	"fmt"
	"net/url"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/crossexam/crossexam/cors"
	"github.com/crossexam/crossexam/scenarios"
)

// localNetworkPermissions are the names of one question: Chrome 142 asked for the
// first, later ones tell this machine and the rest of the network apart.
var localNetworkPermissions = []string{"local-network-access", "loopback-network", "local-network"}

// PermitLocalNetwork gives the victim's answer to pages of the origin that want
// to connect to the local network. It holds for this tab's browser context, until
// it is given anew.
func (t *Tab) PermitLocalNetwork(ctx context.Context, o cors.Origin, p scenarios.Permission) error {
	setting := browser.PermissionSettingDenied
	if p == scenarios.Granted {
		setting = browser.PermissionSettingGranted
	}
	err := t.do(ctx, func(ctx context.Context) error {
		known := 0
		var unknown error
		for _, name := range localNetworkPermissions {
			_, err := chromedp.CallBrowser(ctx, browser.SetPermission, browser.SetPermissionParams{
				Permission:       &browser.PermissionDescriptor{Name: name},
				Setting:          setting,
				Origin:           o.String(),
				BrowserContextID: chromedp.FromContext(t.ctx).BrowserContextID,
			})
			if err != nil {
				unknown = err
				continue
			}
			known++
		}
		if known == 0 {
			return unknown
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("answering the browser's question about the local network for %s: %w", o, err)
	}
	return nil
}

// addressSpace is what a page on a public address says of where its request goes,
// and empty where it need not. Without it Chrome takes a request of a secure page
// to an http:// name for mixed content, since names do not tell where they lead;
// it then makes sure that the name leads there.
func addressSpace(a scenarios.Attempt) string {
	if _, public := scenarios.LocalNetworkPermission(a.Page); !public {
		return ""
	}
	u, err := url.Parse(a.URL)
	if err != nil {
		return ""
	}
	if to := cors.OriginOf(u); to.IsPotentiallyTrustworthy() || to.IsLocal() {
		return ""
	}
	return "loopback" // where the stage is
}
