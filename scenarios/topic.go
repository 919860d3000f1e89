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

// Need is something that the examining machine has to have for a scenario, besides
// the browser. The zero value is none.
type Need string

// SharedCache is a cache of Crossexam's own in front of the target (see
// [Attempt.Through]).
const SharedCache Need = "shared-cache"
