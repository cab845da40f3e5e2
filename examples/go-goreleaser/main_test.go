package main

import (
	"strings"
	"testing"
)

func TestGreeting(t *testing.T) {
	if got := greeting(); !strings.HasSuffix(got, version) {
		t.Errorf("greeting() = %q, want the version %q at its end", got, version)
	}
}
