package health

import "testing"

func TestLine(t *testing.T) {
	if got, want := Line("api", "1.2.3"), "api 1.2.3 is up"; got != want {
		t.Errorf("Line() = %q, want %q", got, want)
	}
}
