package target

import "regexp"

// Sentences of this project name an entry of the configuration in backquotes, such
// as `credentials.cookies`. That is how crossexam.yaml has it; a front end that
// has flags or functions for it says it in those words.
var entryInSentence = regexp.MustCompile("`[a-z_]+(\\.[a-z_]+)*(: \\[\\])?`")

// InWords gives a sentence in which the entries of the configuration have the names
// of a front end. What has none there, for which name gives "", stays as it is.
func InWords(sentence string, name func(entry string) string) string {
	return entryInSentence.ReplaceAllStringFunc(sentence, func(quoted string) string {
		if own := name(quoted[1 : len(quoted)-1]); own != "" {
			return own
		}
		return quoted
	})
}
