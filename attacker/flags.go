package attacker

import (
	"os"

	"github.com/crossexam/crossexam/scenarios"
)

// A flag of the browser's command line; value is a string or true.
type flag struct {
	name  string
	value any
}

func (f flag) String() string {
	if s, ok := f.value.(string); ok {
		return "--" + f.name + "=" + s
	}
	return "--" + f.name
}

// hostRules say where each host leads, and which keys are trusted besides those of the
// authorities that the browser knows.
func hostRules(stage *Stage, o Options) (hosts, trusted string) {
	trusted, direct := stage.Authority().SPKI(), o.Direct
	// The first rule that matches counts.
	hosts = "MAP *." + scenarios.PublicDomain + " " + stage.publicAddr() + ", MAP * " + stage.Addr()
	if !o.Only.IsOpaque() {
		// At a public address, which pages of the internet may ask without the user's leave.
		hosts = "MAP " + o.Only.HostPort() + " " + stage.publicAddr()
	}
	if o.TrustedKey != "" {
		trusted += "," + o.TrustedKey
	}
	if direct != (Direct{}) {
		hosts = "MAP " + direct.Origin.HostPort() + " " + direct.Address + ", " + hosts
		if direct.PublicKey != "" {
			trusted += "," + direct.PublicKey
		}
	}
	return hosts, trusted
}

// launchFlags is the whole command line: a short explicit list, since each flag
// may bear on a verdict.
func launchFlags(stage *Stage, profileDir, userAgent string, o Options) []flag {
	hosts, trusted := hostRules(stage, o)
	flags := []flag{
		{"user-agent", userAgent},
		{"accept-lang", acceptLanguage},
		{"user-data-dir", profileDir},

		// Every host leads to the stage, and nowhere else, but for a direct target's and
		// where only one does; see [Options.Only].
		{"host-resolver-rules", hosts},
		{"ip-address-space-overrides", stage.publicAddr() + "=public"},
		{"ignore-certificate-errors-spki-list", trusted},
		{"no-proxy-server", true},
		{"disable-quic", true},

		{"disable-features", disabledFeatures},

		// Frames of other sites stay in the process of their page, so that their
		// network events reach the page's session: without it there are none. Which
		// cookies go and what CORS allows is decided in the network service, not there
		// (TestFramesGetTheVerdictsOfPages). The family ORG with two trusted origins, 74
		// pages, takes 2.5 s in frames, 7.5 s in navigations, and 11.5 s in navigations
		// with site isolation, since each is a new process (medians of 5, busy machine).
		{"disable-site-isolation-trials", true},

		// Nor does each page need a process of its own: five examinations started 55 and took
		// 19 s of CPU, and 12 and 16 s with four at most (idle machine).
		{"renderer-process-limit", "4"},

		// No traffic and no questions of the browser's own.
		{"no-first-run", true},
		{"no-default-browser-check", true},
		{"disable-background-networking", true},
		{"disable-component-update", true},
		{"disable-default-apps", true},
		{"disable-extensions", true},
		{"disable-sync", true},
		{"disable-client-side-phishing-detection", true},
		{"disable-breakpad", true},
		{"metrics-recording-only", true},
		{"password-store", "basic"},
		{"use-mock-keychain", true},

		// A page in the background must run as one in front.
		{"disable-background-timer-throttling", true},
		{"disable-backgrounding-occluded-windows", true},
		{"disable-renderer-backgrounding", true},

		// Containers have a small /dev/shm, and Chrome crashes when it is full.
		{"disable-dev-shm-usage", true},
	}
	if !o.Window {
		flags = append(flags, flag{"headless", "new"})
	}
	if os.Getuid() == 0 {
		// Chrome refuses to run as root with its sandbox; the report says so.
		flags = append(flags, flag{"no-sandbox", true})
	}
	return flags
}

// disabledFeatures are off because they would change what is measured:
// HttpsUpgrades and its kin turn an http:// page into an https:// one, since the
// stage speaks both on one port; IsolateSandboxedIframes moves sandboxed frames
// to a process whose network events do not reach the page's session.
// WebUIOmniboxPopup and WebUIOmniboxAimPopup load two pages of the address bar for
// each window, of which nobody sees any. The rest is traffic of the browser's own.
const disabledFeatures = "HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,HttpsFirstModeV2ForEngagedSites," +
	"IsolateSandboxedIframes," +
	"WebUIOmniboxPopup,WebUIOmniboxAimPopup," +
	"Translate,MediaRouter,DialMediaRouteProvider,OptimizationHints,NetworkTimeServiceQuerying,AutofillServerCommunication"
