package fleetreport

import (
	"fmt"
	"os"
	"testing"
	"time"
)

func TestDump(t *testing.T) {
	dir := os.Getenv("DUMP")
	if dir == "" {
		t.Skip()
	}
	then := population(10000, 7)
	b := time.Now()
	f := New(aWeekLater(then), then, Options{Name: "shop"})
	fmt.Println("new", time.Since(b))
	b = time.Now()
	if err := WriteAll(dir, f, 0); err != nil {
		t.Fatal(err)
	}
	fmt.Println("write", time.Since(b))
	small := population(60, 7); f = New(aWeekLater(small), small, Options{Name: "shop"})
	if err := WriteAll(dir+"/small", f, 0); err != nil {
		t.Fatal(err)
	}
}
