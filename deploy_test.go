package crossexam_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/crossexam/crossexam/child/childtest"
)

const manifests = "deploy/kubernetes"

// object is a Kubernetes object, or a part of one.
type object = map[string]any

// manifestFiles are those that kustomization.yaml lists.
func manifestFiles(t *testing.T) (files []string, generated []string) {
	t.Helper()
	var k struct {
		Resources          []string
		ConfigMapGenerator []struct {
			Name  string
			Files []string
		} `yaml:"configMapGenerator"`
	}
	data, err := os.ReadFile(filepath.Join(manifests, "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &k); err != nil {
		t.Fatal(err)
	}
	named := append([]string{"kustomization.yaml"}, k.Resources...)
	for _, g := range k.ConfigMapGenerator {
		generated = append(generated, g.Name)
		named = append(named, g.Files...)
	}
	for _, r := range k.Resources {
		files = append(files, filepath.Join(manifests, r))
	}
	entries, err := os.ReadDir(manifests)
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, e := range entries {
		there = append(there, e.Name())
	}
	slices.Sort(named)
	if !slices.Equal(named, there) {
		t.Errorf("kustomization.yaml knows %q, and the folder has %q", named, there)
	}
	return files, generated
}

// Each manifest is what the API server of the oldest supported Kubernetes takes, and that
// of the newest, without a field that it would drop.
func TestManifestsFitKubernetes(t *testing.T) {
	const validate = "bin/stacks/kubernetes/bin/kubernetes-validate"
	if _, err := os.Stat(validate); err != nil {
		childtest.Missing(t, err)
	}
	files, _ := manifestFiles(t)
	for _, version := range []string{"1.31", "1.37"} {
		out, err := exec.Command(validate, append([]string{"--strict", "-k", version}, files...)...).CombinedOutput()
		if err != nil || bytes.Contains(out, []byte("WARN")) || bytes.Count(out, []byte(" passed for resource ")) < len(files) {
			t.Errorf("Kubernetes %s: %v\n%s", version, err, out)
		}
	}
}

// What one manifest names is in another, no pod has more than it needs, and the network
// policies are about pods that there are.
func TestManifestsHoldTogether(t *testing.T) {
	files, generated := manifestFiles(t)
	var all []object
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for d := yaml.NewDecoder(bytes.NewReader(data)); ; {
			var o object
			if err := d.Decode(&o); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			all = append(all, o)
		}
	}
	// The secrets are made by hand, as the guide says.
	guide, err := os.ReadFile("docs/fleet.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, name := range generated {
		known["ConfigMap "+name] = true
	}
	pods := map[string]object{}
	for _, o := range all {
		name := fmt.Sprint(o["kind"], " ", at(o, "metadata", "name"))
		known[name] = true
		for _, where := range [][]string{{"spec", "template"}, {"spec", "jobTemplate", "spec", "template"}} {
			if pod, ok := at(o, where...).(object); ok {
				pods[name] = pod
			}
		}
		for _, claim := range items(at(o, "spec", "volumeClaimTemplates")) {
			known["volume of "+name+" "+fmt.Sprint(at(claim, "metadata", "name"))] = true
		}
	}
	if len(pods) != 3 {
		t.Fatalf("there are pods of %d kinds", len(pods))
	}
	needs := func(who, kind string, name any) {
		switch {
		case name == nil:
		case kind == "Secret":
			if !strings.Contains(string(guide), fmt.Sprintf("create secret generic %s", name)) {
				t.Errorf("%s needs the secret %s, and docs/fleet.md does not say how it is made", who, name)
			}
		case !known[fmt.Sprint(kind, " ", name)]:
			t.Errorf("%s needs the %s %s, which is nowhere", who, kind, name)
		}
	}
	for who, pod := range pods {
		spec := at(pod, "spec").(object)
		volumes := map[string]bool{}
		for _, v := range items(spec["volumes"]) {
			volumes[fmt.Sprint(v["name"])] = true
			needs(who, "ConfigMap", at(v, "configMap", "name"))
			needs(who, "Secret", at(v, "secret", "secretName"))
			needs(who, "PersistentVolumeClaim", at(v, "persistentVolumeClaim", "claimName"))
		}
		secure := at(spec, "securityContext", "runAsNonRoot") == true && spec["automountServiceAccountToken"] == false &&
			at(spec, "securityContext", "seccompProfile", "type") != nil
		for _, c := range items(spec["containers"]) {
			for _, m := range items(c["volumeMounts"]) {
				if name := fmt.Sprint(m["name"]); !volumes[name] && !known["volume of "+who+" "+name] {
					t.Errorf("%s mounts %s, which it has not", who, name)
				}
			}
			for _, e := range items(c["envFrom"]) {
				needs(who, "Secret", at(e, "secretRef", "name"))
			}
			s, _ := c["securityContext"].(object)
			secure = secure && s["allowPrivilegeEscalation"] == false && s["readOnlyRootFilesystem"] == true && s["privileged"] == nil &&
				fmt.Sprint(at(s, "capabilities", "drop")) == "[ALL]" && at(s, "capabilities", "add") == nil && at(c, "resources", "limits", "memory") != nil
		}
		if !secure || spec["hostNetwork"] != nil || spec["hostPID"] != nil {
			t.Errorf("%s has more rights than it needs", who)
		}
	}
	for _, o := range all {
		who := fmt.Sprint(o["kind"], " ", at(o, "metadata", "name"))
		var selectors []any
		switch o["kind"] {
		case "NetworkPolicy":
			selectors = append(selectors, at(o, "spec", "podSelector"))
			for _, rule := range append(items(at(o, "spec", "ingress")), items(at(o, "spec", "egress"))...) {
				for _, peer := range append(items(rule["from"]), items(rule["to"])...) {
					if s, ok := peer["podSelector"]; ok {
						selectors = append(selectors, s)
					}
				}
			}
		case "Service":
			selectors = append(selectors, object{"matchLabels": at(o, "spec", "selector")})
		case "PodDisruptionBudget", "StatefulSet", "Deployment":
			selectors = append(selectors, at(o, "spec", "selector"))
		}
		for _, s := range selectors {
			want, _ := at(s, "matchLabels").(object)
			fits := false
			for _, pod := range pods {
				labels, _ := at(pod, "metadata", "labels").(object)
				all := true
				for k, v := range want {
					all = all && labels[k] == v
				}
				fits = fits || all
			}
			if !fits {
				t.Errorf("%s selects %v, and no pod is so", who, want)
			}
		}
	}
}

// at is what is at a path, or nil.
func at(o any, path ...string) any {
	for _, key := range path {
		m, ok := o.(object)
		if !ok {
			return nil
		}
		o = m[key]
	}
	return o
}

func items(o any) []object {
	var all []object
	entries, _ := o.([]any)
	for _, i := range entries {
		if m, ok := i.(object); ok {
			all = append(all, m)
		}
	}
	return all
}
