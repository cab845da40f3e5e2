// Package health is what all components of the shop share.
package health

// Line is what a component says of itself.
func Line(component, version string) string {
	return component + " " + version + " is up"
}
