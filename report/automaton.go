package report

// An automaton finds all of many strings in one pass (Aho and Corasick, 1975): the
// time grows with the text, whatever the number of strings. Of the libraries for Go
// none tells how much of a string stands at the end of a text, which is what a body
// that was cut off in the middle of a secret needs.
type automaton struct {
	root  [256]int32
	next  map[uint64]int32 // state and byte, but for the root
	fail  []int32
	depth []int32 // how much of a string has been read
	// The longest string that ends here, and the longest that is no plain word.
	longest, distinct []int32
}

func newAutomaton() *automaton {
	return &automaton{next: map[uint64]int32{}, fail: []int32{0}, depth: []int32{0}, longest: []int32{0}, distinct: []int32{0}}
}

func edge(state int32, b byte) uint64 { return uint64(state)<<8 | uint64(b) }

// child returns the state after a byte, or 0.
func (a *automaton) child(state int32, b byte) int32 {
	if state == 0 {
		return a.root[b]
	}
	return a.next[edge(state, b)]
}

// add takes a string, before [automaton.link]. word marks a plain word.
func (a *automaton) add(s string, word bool) {
	state := int32(0)
	for i := range len(s) {
		to := a.child(state, s[i])
		if to == 0 {
			to = int32(len(a.fail))
			a.fail, a.depth = append(a.fail, 0), append(a.depth, int32(i+1))
			a.longest, a.distinct = append(a.longest, 0), append(a.distinct, 0)
			if state == 0 {
				a.root[s[i]] = to
			} else {
				a.next[edge(state, s[i])] = to
			}
		}
		state = to
	}
	a.longest[state] = int32(len(s))
	if !word {
		a.distinct[state] = int32(len(s))
	}
}

// link makes the automaton ready to search.
func (a *automaton) link() {
	type node struct {
		state, parent int32
		b             byte
	}
	// By depth: what a state fails to is less deep, and done before.
	levels := make([][]node, 1)
	put := func(n node) {
		d := int(a.depth[n.state])
		for len(levels) <= d {
			levels = append(levels, nil)
		}
		levels[d] = append(levels[d], n)
	}
	for b, state := range a.root {
		if state != 0 {
			put(node{state, 0, byte(b)})
		}
	}
	for key, state := range a.next {
		put(node{state, int32(key >> 8), byte(key)})
	}
	for _, level := range levels {
		for _, n := range level {
			if n.parent != 0 {
				a.fail[n.state] = a.step(a.fail[n.parent], n.b)
			}
			to := a.fail[n.state]
			a.longest[n.state] = max(a.longest[n.state], a.longest[to])
			a.distinct[n.state] = max(a.distinct[n.state], a.distinct[to])
		}
	}
}

// step returns the state after another byte.
func (a *automaton) step(state int32, b byte) int32 {
	for state != 0 {
		if to, ok := a.next[edge(state, b)]; ok {
			return to
		}
		state = a.fail[state]
	}
	return a.root[b]
}
