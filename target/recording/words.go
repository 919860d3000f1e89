package recording

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Two dialects of the command lines that developer tools copy. Neither is a shell:
// what a shell would have to compute is an error.

var (
	errOpenQuote    = errors.New("a quote is not closed")
	errSubstitution = errors.New("it has something that a shell would compute, which is not done here: write the value")
)

// A splitter collects the words of commands.
type splitter struct {
	commands [][]string
	command  []string
	word     strings.Builder
	inWord   bool
}

func (s *splitter) add(text string) {
	s.word.WriteString(text)
	s.inWord = true
}

func (s *splitter) endWord() {
	if s.inWord {
		s.command = append(s.command, s.word.String())
		s.word.Reset()
		s.inWord = false
	}
}

func (s *splitter) endCommand() {
	s.endWord()
	if len(s.command) > 0 {
		s.commands = append(s.commands, s.command)
		s.command = nil
	}
}

// posixCommands splits a text into commands and these into words, as the shells of
// POSIX do, and $'...' as Bash does. Variables ($NAME, ${NAME}) stay as ${NAME}.
// What comes after | or > belongs to no request and is dropped.
func posixCommands(text string) ([][]string, error) {
	var s splitter
	dropping := false // up to the end of the command
	for i := 0; i < len(text); {
		c := text[i]
		rest := text[i+1:]
		switch {
		case c == '\\' && strings.HasPrefix(rest, "\n"):
			i += 2
		case c == '\\' && strings.HasPrefix(rest, "\r\n"):
			i += 3
		case c == '\\' && rest != "":
			_, n := utf8.DecodeRuneInString(rest)
			s.add(rest[:n])
			i += 1 + n
		case c == '\'':
			end := strings.IndexByte(rest, '\'')
			if end < 0 {
				return nil, errOpenQuote
			}
			s.add(rest[:end])
			i += end + 2
		case c == '"':
			value, n, err := doubleQuoted(rest)
			if err != nil {
				return nil, err
			}
			s.add(value)
			i += 1 + n
		case c == '$' && strings.HasPrefix(rest, "'"):
			value, n, err := ansiQuoted(rest[1:])
			if err != nil {
				return nil, err
			}
			s.add(value)
			i += 2 + n
		case c == '$':
			value, n, err := variable(text[i:])
			if err != nil {
				return nil, err
			}
			s.add(value)
			i += n
		case c == '`':
			return nil, errSubstitution
		case c == ' ' || c == '\t' || c == '\r':
			s.endWord()
			i++
		case c == '\n' || c == ';' || c == '&':
			s.endWord()
			if dropping {
				s.command = s.command[:0]
			}
			dropping = false
			s.endCommand()
			i++
		case c == '#' && !s.inWord:
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			i += 1 + end
		case c == '|' || c == '>' || c == '<':
			if !dropping {
				s.endCommand()
			}
			dropping = true
			i++
		default:
			_, n := utf8.DecodeRuneInString(text[i:])
			s.add(text[i : i+n])
			i += n
		}
	}
	if dropping {
		s.endWord()
		s.command = nil
	}
	s.endCommand()
	return s.commands, nil
}

// doubleQuoted gives what stands up to the closing quote, and how long that is with
// the quote.
func doubleQuoted(text string) (string, int, error) {
	var b strings.Builder
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '"':
			return b.String(), i + 1, nil
		case c == '\\' && i+1 < len(text) && text[i+1] == '\n':
			i += 2
		case c == '\\' && i+1 < len(text) && strings.IndexByte(`"\$`+"`", text[i+1]) >= 0:
			b.WriteByte(text[i+1])
			i += 2
		case c == '$':
			value, n, err := variable(text[i:])
			if err != nil {
				return "", 0, err
			}
			b.WriteString(value)
			i += n
		case c == '`':
			return "", 0, errSubstitution
		default:
			b.WriteByte(c)
			i++
		}
	}
	return "", 0, errOpenQuote
}

// variable gives a reference to the variable that a text begins with, and how long
// it is in the text. A $ before nothing that could be one is itself.
func variable(text string) (string, int, error) {
	name, end := text[1:], 1
	braces := strings.HasPrefix(name, "{")
	if braces {
		name, end = name[1:], 2
	}
	n := 0
	for n < len(name) && (name[n] == '_' || name[n]|0x20 >= 'a' && name[n]|0x20 <= 'z' || n > 0 && name[n] >= '0' && name[n] <= '9') {
		n++
	}
	switch {
	case braces && (n == 0 || !strings.HasPrefix(name[n:], "}")), strings.HasPrefix(name, "("):
		return "", 0, errSubstitution
	case braces:
		return "${" + name[:n] + "}", end + n + 1, nil
	case n == 0:
		return "$", 1, nil
	}
	return "${" + name[:n] + "}", end + n, nil
}

// ansiQuoted is what stands in $'...', up to the closing quote.
func ansiQuoted(text string) (string, int, error) {
	var b strings.Builder
	for i := 0; i < len(text); {
		c := text[i]
		if c == '\'' {
			return b.String(), i + 1, nil
		}
		if c != '\\' || i+1 == len(text) {
			b.WriteByte(c)
			i++
			continue
		}
		i += 2
		switch e := text[i-1]; e {
		case 'a', 'b', 'f', 'n', 'r', 't', 'v':
			b.WriteByte("\a\b\f\n\r\t\v"[strings.IndexByte("abfnrtv", e)])
		case 'e', 'E':
			b.WriteByte(0x1b)
		case 'x', 'u', 'U':
			most := map[byte]int{'x': 2, 'u': 4, 'U': 8}[e]
			n := digits(text[i:], most, 16)
			code, err := strconv.ParseUint(text[i:i+n], 16, 32)
			switch {
			case err != nil:
				b.WriteString(text[i-2 : i]) // as Bash does
			case e == 'x':
				b.WriteByte(byte(code))
			default:
				b.WriteRune(rune(code))
			}
			i += n
		case '0', '1', '2', '3', '4', '5', '6', '7':
			n := digits(text[i-1:], 3, 8)
			code, _ := strconv.ParseUint(text[i-1:i-1+n], 8, 16) // which were just counted
			b.WriteByte(byte(code))
			i += n - 1
		default: // \\, \', \", \?
			b.WriteByte(e)
		}
	}
	return "", 0, errOpenQuote
}

// digits counts the digits that a text begins with, most at most.
func digits(text string, most, base int) int {
	n := 0
	for n < len(text) && n < most {
		if _, err := strconv.ParseUint(text[n:n+1], base, 8); err != nil {
			break
		}
		n++
	}
	return n
}

// isCmd reports whether commands were copied for cmd.exe: there ^ takes the meaning of
// the character after it away.
func isCmd(text string) bool {
	return strings.Contains(text, `^"`) || strings.Contains(text, "^\n") || strings.Contains(text, "^\r\n")
}

// cmdCommands splits a text as cmd.exe and the programs of Windows do: first cmd.exe
// takes away each ^ outside of quotes, and then the program takes the quotes away,
// in which \" is a quote, and "" too (Microsoft's "Parsing C command-line
// arguments").
func cmdCommands(text string) ([][]string, error) {
	var s splitter
	for _, line := range cmdLines(text) {
		quoted := false
		for i := 0; i < len(line); {
			switch c := line[i]; {
			case c == '\\':
				n := len(line[i:]) - len(strings.TrimLeft(line[i:], `\`))
				i += n
				if i == len(line) || line[i] != '"' {
					s.add(strings.Repeat(`\`, n))
					continue
				}
				s.add(strings.Repeat(`\`, n/2))
				if n%2 == 1 {
					s.add(`"`)
					i++
				}
			case c == '"' && quoted && strings.HasPrefix(line[i+1:], `"`):
				s.add(`"`)
				i += 2
			case c == '"':
				quoted = !quoted
				s.add("")
				i++
			case (c == ' ' || c == '\t') && !quoted:
				s.endWord()
				i++
			default:
				_, n := utf8.DecodeRuneInString(line[i:])
				s.add(line[i : i+n])
				i += n
			}
		}
		if quoted {
			return nil, errOpenQuote
		}
		s.endCommand()
	}
	return s.commands, nil
}

// cmdLines takes the carets away and cuts where cmd.exe does: at the ends of lines
// and at &. A caret before a line's end joins it with the next; one before two of
// them leaves one. What stands in quotes of its own, as older versions of Chrome
// wrote it, keeps its carets.
func cmdLines(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	var lines []string
	var b strings.Builder
	quoted := false
	end := func() {
		lines = append(lines, b.String())
		b.Reset()
		quoted = false
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '^' && !quoted && i+1 < len(text):
			if i++; text[i] != '\n' {
				b.WriteByte(text[i])
			} else if i+1 < len(text) && text[i+1] == '\n' {
				b.WriteByte('\n')
				i++
			}
		case c == '^' && quoted && strings.HasPrefix(text[i+1:], "\n"): // joins there too
			i++
		case c == '\n', c == '&' && !quoted:
			end()
		default:
			if c == '"' {
				quoted = !quoted
			}
			b.WriteByte(c)
		}
	}
	end()
	return lines
}
