import { type Container, dag, type Service } from "@dagger.io/dagger";

/**
 * As much of GitLab's API as is asked for a release (docs.gitlab.com, "Releases API", "Release links API", "Generic package
 * registry", "Packages API"): a link that is there is refused with 400 and shown, and the token is wanted everywhere. What
 * it has is kept by project.
 */
const server = `package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

type file struct {
	ID      int    \`json:"id"\`
	Name    string \`json:"file_name"\`
	Size    int    \`json:"size"\`
	Sum     string \`json:"file_sha256"\`
	Uploads int    \`json:"-"\`
}

type link struct {
	ID   int    \`json:"id"\`
	Name string \`json:"name"\`
	URL  string \`json:"url"\`
}

var (
	lock     sync.Mutex
	releases = map[string]int{}
	links    = map[string]link{}
	files    = map[string]file{}
	next     = 1
)

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value)
}

func listOf[T any](all map[string]T, project string) []T {
	listed := []T{}
	for key, each := range all {
		if strings.HasPrefix(key, project) {
			listed = append(listed, each)
		}
	}
	return listed
}

func handle(w http.ResponseWriter, r *http.Request) {
	lock.Lock()
	defer lock.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/api/v4")
	if path == "/state" {
		uploads := map[string]int{}
		for name, f := range files {
			uploads[name] = f.Uploads
		}
		answer(w, 200, map[string]any{"releases": releases, "links": len(links), "files": uploads})
		return
	}
	if r.Header.Get("PRIVATE-TOKEN") != "a token of GitLab" {
		answer(w, 401, map[string]string{"message": "401 Unauthorized"})
		return
	}
	body, _ := io.ReadAll(r.Body)
	var given struct {
		Name, URL string
		Assets    struct{ Links []link }
	}
	json.Unmarshal(body, &given)
	parts := strings.Split(path, "/")
	project := strings.Join(parts[2:min(4, len(parts))], "/") + " "
	switch {
	case path == "/version":
		answer(w, 200, map[string]string{"version": "17.5.0"})
	case strings.Contains(path, "/packages/generic/"):
		name := path[strings.LastIndex(path, "/")+1:]
		next++
		uploads := files[project+name].Uploads + 1
		files[project+name] = file{next, name, len(body), fmt.Sprintf("%x", sha256.Sum256(body)), uploads}
		answer(w, 201, map[string]string{"message": "201 Created"})
	case strings.HasSuffix(path, "/packages"):
		answer(w, 200, []any{map[string]any{"id": 1, "name": parts[3], "version": "v1.2.3"}})
	case strings.HasSuffix(path, "/packages/1/package_files"):
		answer(w, 200, listOf(files, project))
	case strings.HasSuffix(path, "/assets/links") && r.Method == "GET":
		answer(w, 200, listOf(links, project))
	case strings.Contains(path, "/assets/links/") && r.Method == "DELETE":
		for name, l := range links {
			if strings.HasSuffix(path, fmt.Sprintf("/%d", l.ID)) {
				delete(links, name)
			}
		}
		answer(w, 200, link{})
	case strings.HasSuffix(path, "/assets/links") && r.Method == "POST":
		if there, ok := links[project+given.Name]; ok {
			answer(w, 400, there)
			return
		}
		links[project+given.Name] = link{next, given.Name, given.URL}
		next++
		answer(w, 201, links[project+given.Name])
	case strings.HasSuffix(path, "/releases") && r.Method == "POST":
		releases[project+"v1.2.3"]++
		for _, l := range given.Assets.Links {
			links[project+l.Name] = l
		}
		answer(w, 201, map[string]string{"tag_name": "v1.2.3", "name": given.Name})
	case strings.HasSuffix(path, "/releases/v1.2.3"):
		if releases[project+"v1.2.3"] == 0 {
			answer(w, 404, map[string]string{"message": "404 Not Found"})
			return
		}
		answer(w, 200, map[string]string{"tag_name": "v1.2.3", "name": "v1.2.3"})
	default:
		answer(w, 404, map[string]string{"message": "404 " + r.Method + " " + path})
	}
}

func main() { panic(http.ListenAndServe(":80", http.HandlerFunc(handle))) }
`;

/** The token that the stand-in wants. */
export const forgeToken = "a token of GitLab";

/** A stand-in for GitLab's API, empty. */
export function forge(toolbox: Container): Service {
  const program = toolbox
    .withEnvVariable("CGO_ENABLED", "0")
    .withNewFile("/forge/main.go", server)
    .withExec(["go", "build", "-o", "/out/forge", "/forge/main.go"])
    .file("/out/forge");
  return dag
    .container()
    .withFile("/forge", program)
    .withExposedPort(80)
    .asService({ args: ["/forge"] });
}

/** What the stand-in has: releases by tag, the number of links, and how often each file was uploaded. */
export async function forgeState(service: Service): Promise<string> {
  const endpoint = await service.endpoint({ port: 80, scheme: "http" });
  return (await fetch(`${endpoint}/api/v4/state`)).text();
}
