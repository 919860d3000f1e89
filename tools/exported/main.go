// Command exported prints what a package of this project exports although nothing
// outside that package uses it: types, functions, variables, constants, and the
// methods and fields of exported types.
//
// Usage: exported [-door PACKAGE]... DIR. It loads every package below DIR, tests
// included, and exits with 1 where it prints anything.
//
// Tests of other packages are users, the package's own only where they stand outside of
// it (package x_test). Some uses are not seen in the source and count as such: a method
// that an interface asks for, and the fields of a struct that is read or written as a
// whole (those with a tag, and those that a template names).
package main

import (
	"flag"
	"fmt"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"golang.org/x/tools/go/packages"
)

func main() {
	var doors []string
	flag.Func("door", "import `PATH` of a package that is for others, and need not be used here", func(s string) error {
		doors = append(doors, s)
		return nil
	})
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "exported: give one folder")
		os.Exit(2)
	}
	unused, err := find(flag.Arg(0), doors)
	if err != nil {
		fmt.Fprintln(os.Stderr, "exported:", err)
		os.Exit(2)
	}
	for _, line := range unused {
		fmt.Println(line)
	}
	if len(unused) > 0 {
		os.Exit(1)
	}
}

// find lists what is exported below the folder without a user, as FILE:LINE:COLUMN: NAME.
func find(dir string, doors []string) ([]string, error) {
	all, err := packages.Load(&packages.Config{
		Mode:  packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo,
		Dir:   dir,
		Tests: true,
	}, "./...")
	if err != nil {
		return nil, err
	}
	if packages.PrintErrors(all) > 0 {
		return nil, fmt.Errorf("%s does not build", dir)
	}
	templates, err := namesInTemplates(dir)
	if err != nil {
		return nil, err
	}
	u := usage{all[0].Fset, map[token.Position]bool{}}
	for _, p := range all {
		u.look(p)
	}
	asked := methodsAskedFor(all)
	var left []types.Object
	for _, p := range all {
		// A variant for tests (its ID names them) has the same declarations again.
		if p.ID != p.PkgPath || p.Name == "main" {
			continue
		}
		for _, o := range exported(p.Types) {
			if asked[o] || templates[o.Name()] || slices.Contains(doors, p.PkgPath) {
				u.use(o)
			}
			left = append(left, o)
		}
		for _, f := range given(p.Types) {
			u.use(f)
		}
	}
	var unused []string
	for _, o := range left {
		if !u.used[u.at(o)] {
			unused = append(unused, fmt.Sprintf("%s: %s", u.at(o), o.Name()))
		}
	}
	slices.Sort(unused)
	return unused, nil
}

// usage is where what is declared is used from another package.
type usage struct {
	files *token.FileSet
	used  map[token.Position]bool // by the place of the declaration, which the variants for tests share
}

func (u usage) at(o types.Object) token.Position { return u.files.Position(o.Pos()) }

// look notes what the package uses of others.
func (u usage) look(p *packages.Package) {
	for _, o := range p.TypesInfo.Uses {
		if o.Pkg() != nil && o.Pkg().Path() != p.PkgPath {
			u.use(o)
		}
	}
}

// use notes a use. Who has a value has its type, whether or not it is named there.
func (u usage) use(o types.Object) {
	u.used[u.at(o)] = true
	for _, t := range typesIn(o.Type()) {
		u.used[u.at(t)] = true
	}
}

// exported is what a package declares for others. An embedded field is its type, and
// the methods of an interface are the interface.
func exported(p *types.Package) []types.Object {
	var all []types.Object
	for _, name := range p.Scope().Names() {
		o := p.Scope().Lookup(name)
		if !o.Exported() {
			continue
		}
		all = append(all, o)
		named, ok := o.Type().(*types.Named)
		if _, isType := o.(*types.TypeName); !isType || !ok {
			continue
		}
		for m := range named.Methods() {
			if m.Exported() {
				all = append(all, m)
			}
		}
		if s, ok := named.Underlying().(*types.Struct); ok {
			for i := range s.NumFields() {
				if f := s.Field(i); f.Exported() && !f.Embedded() && s.Tag(i) == "" {
					all = append(all, f)
				}
			}
		}
	}
	return slices.DeleteFunc(all, func(o types.Object) bool { return ofASet(o, all) })
}

// given are the fields that are used without being named: those with a tag, by what
// encodes or decodes the struct, and embedded ones, by their members.
func given(p *types.Package) []types.Object {
	var all []types.Object
	for _, name := range p.Scope().Names() {
		s, ok := p.Scope().Lookup(name).Type().Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for i := range s.NumFields() {
			if f := s.Field(i); f.Exported() && (f.Embedded() || s.Tag(i) != "") {
				all = append(all, f)
			}
		}
	}
	return all
}

// ofASet reports whether a constant is one of the values of a type that is for others:
// a closed set is exported as a whole.
func ofASet(o types.Object, all []types.Object) bool {
	_, isConst := o.(*types.Const)
	named, isNamed := o.Type().(*types.Named)
	return isConst && isNamed && slices.Contains(all, types.Object(named.Obj()))
}

// typesIn are the named types of which a type is made.
func typesIn(t types.Type) []*types.TypeName {
	switch t := t.(type) {
	case *types.Named:
		all := []*types.TypeName{t.Obj()}
		for arg := range t.TypeArgs().Types() {
			all = append(all, typesIn(arg)...)
		}
		return all
	case *types.Alias:
		return append(typesIn(types.Unalias(t)), t.Obj())
	case interface{ Elem() types.Type }: // pointers, slices, arrays, channels, the values of maps
		all := typesIn(t.Elem())
		if m, ok := t.(*types.Map); ok {
			all = append(all, typesIn(m.Key())...)
		}
		return all
	case *types.Signature:
		return append(typesIn(t.Params()), typesIn(t.Results())...)
	case *types.Tuple:
		var all []*types.TypeName
		for v := range t.Variables() {
			all = append(all, typesIn(v.Type())...)
		}
		return all
	}
	return nil
}

// methodsAskedFor are the methods by which a type is a value of an interface, of the
// project or of a package that it imports.
func methodsAskedFor(all []*packages.Package) map[types.Object]bool {
	interfaces := interfacesOf(all)
	asked := map[types.Object]bool{}
	for _, p := range all {
		for _, name := range p.Types.Scope().Names() {
			named, ok := p.Types.Scope().Lookup(name).Type().(*types.Named)
			if !ok || types.IsInterface(named) || named.TypeParams().Len() > 0 {
				continue
			}
			for _, i := range interfaces {
				if !types.Implements(types.NewPointer(named), i) {
					continue
				}
				for m := range i.Methods() {
					o, _, _ := types.LookupFieldOrMethod(types.NewPointer(named), false, m.Pkg(), m.Name())
					asked[o] = true
				}
			}
			// Package errors asks for them by interfaces without a name.
			for m := range named.Methods() {
				if slices.Contains([]string{"Is", "As", "Unwrap"}, m.Name()) {
					asked[m] = true
				}
			}
		}
	}
	return asked
}

func interfacesOf(all []*packages.Package) []*types.Interface {
	var found []*types.Interface
	seen := map[*types.Package]bool{}
	var visit func(*types.Package)
	visit = func(p *types.Package) {
		if seen[p] {
			return
		}
		seen[p] = true
		for _, name := range p.Scope().Names() {
			if o, ok := p.Scope().Lookup(name).(*types.TypeName); ok {
				if i, ok := o.Type().Underlying().(*types.Interface); ok && i.NumMethods() > 0 && i.IsMethodSet() {
					found = append(found, i)
				}
			}
		}
		for _, imported := range p.Imports() {
			visit(imported)
		}
	}
	// A parameter can be of an interface without a name.
	for _, p := range all {
		for _, t := range p.TypesInfo.Types {
			if i, ok := t.Type.(*types.Interface); ok && t.IsType() && i.NumMethods() > 0 && i.IsMethodSet() {
				found = append(found, i)
			}
		}
	}
	found = append(found, types.Universe.Lookup("error").Type().Underlying().(*types.Interface))
	for _, p := range all {
		visit(p.Types)
	}
	return found
}

var (
	action   = regexp.MustCompile(`\{\{[^}]*\}\}`)
	selected = regexp.MustCompile(`\.([A-Z]\w*)`)
)

// namesInTemplates are the fields and methods that templates below the folder name, those
// in Go strings included.
func namesInTemplates(dir string) (map[string]bool, error) {
	names := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !slices.Contains([]string{".tmpl", ".go"}, filepath.Ext(path)) {
			return err
		}
		text, err := os.ReadFile(path)
		for _, a := range action.FindAll(text, -1) {
			for _, m := range selected.FindAllSubmatch(a, -1) {
				names[string(m[1])] = true
			}
		}
		return err
	})
	return names, err
}
