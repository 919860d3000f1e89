package scenarios

// Topic is what a scenario is about. Reports count by it.
type Topic string

// The topics.
const (
	Reading       Topic = "reading"       // what a page that is not trusted is granted to read
	Writing       Topic = "writing"       // what it can send to change something
	FrontEnd      Topic = "front-end"     // whether the trusted front end can do its work
	Errors        Topic = "errors"        // who can read the replies of other layers
	LocalNetwork  Topic = "local-network" // what a place in the victim's network is worth
	Configuration Topic = "configuration" // what the target says of its own configuration
	Hygiene       Topic = "hygiene"       // how preflights, headers, cookies and caches are kept
)

// Attacker is the kind of page that a scenario plays, named as reports tell them apart.
type Attacker string

// The attackers.
const (
	AnySite         Attacker = "any https:// site"
	AnyHTTPSite     Attacker = "any http:// site"
	BeginsAlike     Attacker = "a site that begins as yours"
	EndsAlike       Attacker = "a site that ends as yours"
	LookAlike       Attacker = "a look-alike of your site"
	OtherSchemePort Attacker = "your host, other scheme or port"
	SubdomainPage   Attacker = "a subdomain or sibling"
	SharedHosting   Attacker = "a site on shared hosting"
	LocalPage       Attacker = "a page on localhost"
	OtherExtension  Attacker = "another extension"
	NullPage        Attacker = "a sandboxed frame or file (null)"
	NetworkPage     Attacker = "a page that comes into the network"
)

// Attackers are all of them, the one that needs least first.
func Attackers() []Attacker {
	return []Attacker{AnySite, AnyHTTPSite, BeginsAlike, EndsAlike, LookAlike, OtherSchemePort, SubdomainPage, SharedHosting, LocalPage, OtherExtension, NullPage, NetworkPage}
}

// Need is something that the examining machine has to have for a scenario, besides
// the browser. The zero value is none.
type Need string

// SharedCache is a cache of Crossexam's own in front of the target (see
// [Attempt.Through]).
const SharedCache Need = "shared-cache"
