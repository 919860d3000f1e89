// Package cors holds the CORS protocol of the Fetch standard as plain types
// and pure functions: origins, header lists, exchanges as they crossed the
// wire, the reasons a browser gives for refusing a response, and the rules
// that decide it. It does no I/O and imports nothing of this project.
//
// The normative text is the Fetch standard, https://fetch.spec.whatwg.org/,
// cited by the anchors of its sections.
package cors
