package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/crossexam/crossexam/target"
)

// The command lines of the manifests for Kubernetes have commands and flags that there are,
// their list of targets can be read, and what runs a browser has the sandbox's profile.
func TestManifestsForKubernetes(t *testing.T) {
	folder := filepath.Join(root(t), "deploy/kubernetes")
	type container struct {
		Image         string
		Args          []string
		LivenessProbe struct{ Exec struct{ Command []string } } `yaml:"livenessProbe"`
	}
	type template struct {
		Spec struct {
			Containers      []container
			SecurityContext struct {
				SeccompProfile struct {
					LocalhostProfile string `yaml:"localhostProfile"`
				} `yaml:"seccompProfile"`
			} `yaml:"securityContext"`
		}
	}
	var lines [][]string
	for _, name := range []string{"workers.yaml", "submit.yaml"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
			var o struct {
				Spec struct {
					Template    template
					JobTemplate struct{ Spec struct{ Template template } } `yaml:"jobTemplate"`
				}
			}
			if err := d.Decode(&o); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, pod := range []template{o.Spec.Template, o.Spec.JobTemplate.Spec.Template} {
				for _, c := range pod.Spec.Containers {
					lines = append(lines, c.Args)
					if probe := c.LivenessProbe.Exec.Command; len(probe) > 0 && probe[0] == "crossexam" {
						lines = append(lines, probe[1:])
					}
					profile := pod.Spec.SecurityContext.SeccompProfile.LocalhostProfile
					if works := c.Args[1] == "worker"; works != (profile != "") {
						t.Errorf("%v has the profile %q", c.Args, profile)
					} else if _, err := os.Stat(filepath.Join(root(t), "deploy", filepath.Base(profile))); works && err != nil {
						t.Error(err)
					}
				}
			}
		}
	}
	if len(lines) != 3 {
		t.Fatalf("there are %d command lines", len(lines))
	}
	for _, args := range lines {
		out, err := exec.CommandContext(t.Context(), binary, append(args, "--help")...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "crossexam fleet "+args[1]) {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
	}
	targets, err := target.LoadFleet(filepath.Join(folder, "fleet.yaml"))
	if err != nil || len(targets) != 2 || targets[0].Owner != "team-shop" || targets[1].Owner != "platform" {
		t.Errorf("fleet.yaml: %v, %+v", err, targets)
	}
}
