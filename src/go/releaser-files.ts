/** Where GoReleaser looks for its configuration, in its order (goreleaser.com, "Configuration"). */
export const releaserFiles = [
  ".config/goreleaser.yml",
  ".config/goreleaser.yaml",
  ".goreleaser.yml",
  ".goreleaser.yaml",
  "goreleaser.yml",
  "goreleaser.yaml",
] as const;
