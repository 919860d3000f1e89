package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/crossexam/crossexam/target/bounded"
)

// writeJSON writes recording.json, an observation a line.
func (r Recording) writeJSON(w io.Writer) error {
	head, err := json.Marshal(struct {
		Recording
		Observations int `json:"observations,omitempty"` // hides those of the recording
	}{Recording: r})
	if err != nil {
		return err
	}
	text := append(head[:len(head)-1], `,"observations":[`...)
	for i, o := range r.Observations {
		line, err := json.Marshal(o)
		if err != nil {
			return err
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(text, '\n'), line...)
	}
	_, err = w.Write(escapeUnprintable(append(text, "\n]}\n"...)))
	return err
}

// ReadRecording reads a recording.json, which may come from anybody. The error says
// what the file is instead.
func ReadRecording(in io.Reader) (Recording, error) {
	data, err := bounded.Read(in, readLimits.Bytes)
	if err != nil {
		return Recording{}, err
	}
	if err := bounded.JSON(data, readLimits); err != nil {
		return Recording{}, fmt.Errorf("it is no recording.json: %w", err)
	}
	var named struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &named); err != nil {
		return Recording{}, fmt.Errorf("it is no recording.json: %w", err)
	}
	switch {
	case named.Schema == "":
		return Recording{}, fmt.Errorf(`it is no recording.json: "schema": %q is missing`, recordingVersion)
	case named.Schema != recordingVersion:
		return Recording{}, fmt.Errorf("it has the version %q, and this Crossexam reads %q: examine the target again", visibleLine(named.Schema), recordingVersion)
	}
	var r Recording
	if err := json.Unmarshal(data, &r); err != nil {
		return Recording{}, fmt.Errorf("it is no recording.json: %w", err)
	}
	return r, r.tooLarge()
}

// tooLarge says of which list there is more than any run has.
func (r Recording) tooLarge() error {
	t := r.Target
	for _, list := range []struct {
		name      string
		has, most int
	}{
		{"observations", len(r.Observations), maxObservations},
		{"endpoints", len(t.Endpoints), maxEndpoints},
		{"trusted origins", len(t.Trusted), maxOthers},
		{"other trusted origins", len(t.OtherTrusted), maxOthers},
		{"credentials", len(t.Credentials), maxOthers},
		{"headers with a credential", len(t.CredentialHeaders), maxOthers},
		{"WebSockets", len(t.WebSockets), maxOthers},
		{"event streams", len(t.EventStreams), maxOthers},
		{"errors", len(t.Errors), maxOthers},
		{"redirects", len(t.Redirects), maxOthers},
		{"launches", len(t.Launches), maxOthers},
		{"methods", len(t.Policy.Methods), maxOthers},
		{"headers of the policy", len(t.Policy.Headers) + len(t.Policy.Exposed), 2 * maxOthers},
	} {
		if list.has > list.most {
			return fmt.Errorf("it is no recording.json: it has more than %d %s", list.most, list.name)
		}
	}
	if len(t.Endpoints)*(1+len(t.Trusted))*(1+len(t.Credentials)) > 20*maxEndpoints {
		return errors.New("it is no recording.json: no run has so many endpoints, trusted origins and credentials at once")
	}
	return nil
}

// RecordingFile is the name of the recording in the folder of a report.
const RecordingFile = "recording.json"

// WriteRecording writes recording.json and exchanges.har to the folder of a report. With
// the mode 0 they are for the owner alone: the victim's data is in them.
func WriteRecording(dir string, r Recording, mode fs.FileMode) error {
	private := cmp.Or(mode, 0o600)
	return errors.Join(WriteFile(dir, RecordingFile, private, r.writeJSON), WriteFile(dir, "exchanges.har", private, r.writeHAR))
}
