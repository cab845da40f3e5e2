// Command api is a component of the shop.
package main

import (
	"fmt"

	"example.com/shop/internal/health"
)

// Set by Slipway.
var version = "dev"

func main() {
	fmt.Println(health.Line("api", version))
}
