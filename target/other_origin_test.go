package target

import "testing"

func TestOtherOrigins(t *testing.T) {
	for origin, want := range map[string]bool{
		"chrome-extension://abcdefghijklmnopabcdefghijklmnop": true,
		"moz-extension://0b9dd9a2-0000":                       true, "capacitor://localhost": true, "tauri://localhost": true, "app://-": true,
		"https://app.example.com": false, "http://localhost:3000": false, "null": false, "app.example.com": false,
		"chrome-extension://id/page.html": false, "chrome-extension://": false, "file:///home": false, "app://user@host": false,
	} {
		if isOtherOrigin(origin) != want {
			t.Errorf("%q: not %v", origin, want)
		}
	}
	d, err := Config{URL: "http://127.0.0.1:1", Trusted: []string{"tauri://localhost", "https://app.example.com"}}.Deployment(t.Context())
	if err != nil || len(d.Facts.Trusted) != 1 || len(d.Facts.OtherTrusted) != 1 {
		t.Errorf("%v, %v, %v", d.Facts.Trusted, d.Facts.OtherTrusted, err)
	}
}
