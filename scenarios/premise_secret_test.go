package scenarios

import (
	"slices"
	"testing"
)

func TestWithoutSecrets(t *testing.T) {
	for _, c := range []struct {
		path, want    string
		names, values []string
	}{
		{"/api/v3/series", "/api/v3/series", nil, nil},
		{"/api/v3/series?apikey=k3y", "/api/v3/series", []string{"apikey"}, []string{"k3y"}},
		{"/Items?a=1&api_key=k3y&b=2", "/Items?a=1&b=2", []string{"api_key"}, []string{"k3y"}},
		{"/library?X-Plex-Token=t%2F1", "/library", []string{"X-Plex-Token"}, []string{"t%2F1"}},
		{"/o?X-Amz-Signature=abc&_sid=9&access_token=x", "/o", []string{"X-Amz-Signature", "_sid", "access_token"}, []string{"abc", "9", "x"}},
		{"/list?key=name&tokens=5&author=me&sort=token", "/list?key=name&tokens=5&author=me&sort=token", nil, nil},
		{"/list?token=", "/list?token=", nil, nil},
	} {
		path, names, values := Endpoint{Path: c.path}.WithoutSecrets()
		if path != c.want || !slices.Equal(names, c.names) || !slices.Equal(values, c.values) {
			t.Errorf("%s: %s %q %q", c.path, path, names, values)
		}
	}
}
