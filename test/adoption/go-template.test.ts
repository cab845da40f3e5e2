import { describe, expect, it } from "vitest";
import { fieldsIn } from "../../src/adoption/goreleaser/fields.js";
import { translate } from "../../src/adoption/goreleaser/template.js";
import { asValue, literal } from "../../src/adoption/symbolic-text.js";
import { originOf } from "../../src/forge/origin.js";

const facts = {
  projectName: "app",
  origin: originOf("github.com", "Acme/app"),
  env: new Map([
    ["ORG", literal("Acme")],
    ["EMPTY", literal("")],
  ]),
  onUnset: () => undefined,
};

function translated(text: string, isPreRelease = false): string {
  return asValue(translate(text, fieldsIn(facts, { isPreRelease })));
}

describe("a Go template", () => {
  it.each([
    ["parentheses", `{{ ${"(".repeat(4000)}1${")".repeat(4000)} }}`],
    ["pipes", `{{ .Tag ${"|toupper".repeat(1000)} }}`],
  ])("is not read with more %s than any has", (_, text) => {
    expect(() => translated(text)).toThrow("it is longer than any that is read");
  });

  it.each([
    ["{{ .Tag }}", "{tag}"],
    ["v{{.Version}}-debug", "v{version}-debug"],
    ["{{ .Major }}.{{ .Minor }}", "{major}.{minor}"],
    ["{{ .RawVersion }}", "{major}.{minor}.{patch}"],
    ["{{ .ShortCommit }} {{ .FullCommit }}", "{sha} {revision}"],
    ["{{.Date}}", "{created}"],
    ['{{ time "20060102" }}', "{date}"],
    ['{{ .Now.Format "2006-01-02T15:04:05Z07:00" }}', "{created}"],
    ["{{ .GitURL }}", "https://github.com/Acme/app"],
    ["{{ .ProjectName | toupper }}", "APP"],
    ["{{ tolower .Env.ORG }}/{{ .ProjectName }}", "acme/app"],
    ['{{ trimprefix .Tag "v" }}', "{version}"],
    ['{{ replace "a-b" "-" "_" }}', "a_b"],
    ['{{ envOrDefault "ORG" "other" }}', "Acme"],
    ['{{ envOrDefault "NOT_SET" "other" }}', "other"],
    ['{{ if index .Env "NOT_SET" }}a{{ else }}b{{ end }}', "b"],
    ['{{ if isEnvSet "EMPTY" }}a{{ else if eq .Env.ORG "Acme" }}b{{ end }}', "b"],
    ["{{ if .IsSnapshot }}snapshot{{ else }}{{ .Tag }}{{ end }}", "{tag}"],
    ["{{- .ProjectName -}} x", "appx"],
    ["a {{/* said */}} b", "a  b"],
    ["a `{word}` of its own", "a `{{word}}` of its own"],
    ["{{ .ReleaseURL }}", "https://github.com/Acme/app/releases/tag/{tag}"],
    ["{{ if and (not .IsNightly) (gt .Major 0) }}x{{ end }}", undefined],
    ["{{ .Prerelease }}x", "x"],
  ])("%s is %s", (text, expected) => {
    if (expected === undefined) expect(() => translated(text)).toThrow("only a release knows");
    else expect(translated(text)).toBe(expected);
  });

  it.each([
    ["{{ if not .Prerelease }}latest{{ end }}", "latest", ""],
    ["{{ if .Prerelease }}next{{ else }}latest{{ end }}", "latest", "next"],
    ['{{ if eq .Prerelease "" }}stable{{ end }}', "stable", ""],
    ["{{ if gt (len .Prerelease) 0 }}rc{{ end }}", "", "rc"],
  ])("%s is %s for a version, and %s for a pre-release", (text, stable, preRelease) => {
    expect([translated(text), translated(text, true)]).toEqual([stable, preRelease]);
  });

  it.each([
    ["{{ .Env.DOCKERHUB_USERNAME }}", "pass --env DOCKERHUB_USERNAME=VALUE to init"],
    ["{{ .Branch }}", "a release is made from a tag"],
    ["{{ .ReleaseNotes }}", "Slipway has no placeholder for .ReleaseNotes"],
    ["{{ .constructor }}", "Slipway has no placeholder for .constructor"],
    ["{{ incpatch .Version }}", "the function incpatch is not read"],
    ["{{ constructor .Version }}", "the function constructor is not read"],
    ["{{ toupper .Version }}", "it depends on what only a release knows"],
    ['{{ if eq .Major "1" }}x{{ end }}', "it decides by what only a release knows"],
    ["{{ range .Tags }}x{{ end }}", "range of Go's templates is not read"],
    ["{{ $x := .Tag }}{{ $x }}", "is not read"],
    ["{{ if .Tag }}x", "its if has no end"],
    ["{{ end }}", "its end has no if"],
    ["{{ (.Tag }}", "a parenthesis is not closed"],
    ["{{ }}", "it is empty"],
    ['{{ .Now.Format "Jan 2" }}', "Slipway writes no time as Jan 2"],
    ["x".repeat(10_001), "longer than 10000 characters"],
  ])("%s has no equivalent, and says why", (text, why) => {
    expect(() => translated(text)).toThrow(why);
  });

  it("that shows the name of a pre-release has none for one", () => {
    expect(() => translated("{{ .Prerelease }}", true)).toThrow(
      "no placeholder for the name of a pre-release",
    );
  });
});
