package target

// A Preset knows how an application is configured and what it logs of it.
type Preset struct {
	Name string
	// Variable is the environment variable with the origins, separated by commas.
	Variable string
	// A start logs one of two lines. WarningPattern finds the one that says that
	// nothing is configured and every origin allowed. OriginsPattern finds the
	// one that lists the origins; its first group is the list as Python prints one.
	// Both are regular expressions of package regexp and end where the message does.
	WarningPattern string
	OriginsPattern string
}

// OpenNotebook is the preset of Open Notebook (measured on 1.9 to 1.11).
func OpenNotebook() Preset {
	return Preset{
		Name:           "open-notebook",
		Variable:       "CORS_ORIGINS",
		WarningPattern: `CORS_ORIGINS is not set\b.*`,
		OriginsPattern: `CORS allowed origins: (\[.*\])`,
	}
}

// Presets are all presets.
func Presets() []Preset { return []Preset{OpenNotebook()} }

// PresetNamed finds a preset by its name.
func PresetNamed(name string) (Preset, bool) {
	for _, p := range Presets() {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}
