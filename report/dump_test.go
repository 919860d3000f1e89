package report
import ("testing";"os")
func TestDump(t *testing.T) {
	dir := os.Getenv("DUMP"); if dir == "" { t.Skip() }
	if err := WriteAll(dir, reportOf(ofRecording(t, "wildcard-echo-with-cookie"), Meta{}), nil, 0); err != nil { t.Fatal(err) }
}
