package fleet

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

// The server reads the configuration that deploy/kubernetes gives it, and it is that of the
// servers and ports in the manifest.
func TestBrokersOfTheManifests(t *testing.T) {
	const folder = "../deploy/kubernetes/"
	t.Setenv("POD_NAME", "nats-0")
	o, err := server.ProcessConfigFile(folder + "nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(folder + "nats.yaml")
	if err != nil {
		t.Fatal(err)
	}
	manifest := string(text)
	if !o.JetStream || o.StoreDir != "/data" || !strings.Contains(manifest, "mountPath: /data") {
		t.Errorf("what is stored goes to %q", o.StoreDir)
	}
	replicas := regexp.MustCompile(`(?m)^  replicas: (\d+)$`).FindStringSubmatch(manifest)
	if replicas == nil || strconv.Itoa(len(o.Routes)) != replicas[1] || o.ServerName != "nats-0" {
		t.Errorf("%s is routed to %d servers, and there are %v", o.ServerName, len(o.Routes), replicas)
	}
	for name, port := range map[string]int{"client": o.Port, "cluster": o.Cluster.Port, "health": o.HTTPPort} {
		if !strings.Contains(manifest, "{name: "+name+", containerPort: "+strconv.Itoa(port)+"}") {
			t.Errorf("the %s port %d is not the manifest's", name, port)
		}
	}
	if len(o.Nkeys) != 1 || len(o.Users) != 0 || o.NoAuthUser != "" || !nkeys.IsValidPublicUserKey(o.Nkeys[0].Nkey) {
		t.Error("not the owner of one key alone is let in")
	}
	// The volume has room for what the server may store.
	var storage int64
	if m := regexp.MustCompile(`storage: (\d+)Gi`).FindStringSubmatch(manifest); m != nil {
		n, _ := strconv.ParseInt(m[1], 10, 64)
		storage = n << 30
	}
	if o.JetStreamMaxStore <= 0 || o.JetStreamMaxStore >= storage {
		t.Errorf("%d bytes may be stored on a volume of %d", o.JetStreamMaxStore, storage)
	}
}
