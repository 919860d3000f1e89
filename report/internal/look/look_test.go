package look

import "testing"

func TestProse(t *testing.T) {
	for in, want := range map[string]string{
		"say `a<b>` here":  "say <code>a&lt;b&gt;</code> here",
		"one ` alone <i>":  "one ` alone &lt;i&gt;",
		"`<script>`":       "<code>&lt;script&gt;</code>",
		"\x1b[31m & plain": `\x1b[31m &amp; plain`,
	} {
		if got := string(prose(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
