// Command hello greets.
package main

import "fmt"

// Set by GoReleaser.
var version = "dev"

func main() {
	fmt.Println(greeting())
}

func greeting() string {
	return "hello from version " + version
}
