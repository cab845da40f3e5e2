import { type Container, dag, type Service } from "@dagger.io/dagger";

/**
 * As much of GitLab's releases API as GoReleaser asks for (docs.gitlab.com, "Releases API", "Release links API", "Generic
 * package registry"): a link that is there is refused with 400 and shown, and the token is wanted everywhere.
 */
const server = `package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

type link struct {
	ID   int    \`json:"id"\`
	Name string \`json:"name"\`
	URL  string \`json:"url"\`
}

var (
	lock     sync.Mutex
	releases = map[string]int{}
	links    = map[string]link{}
	files    = map[string]int{}
	next     = 1
)

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value)
}

func handle(w http.ResponseWriter, r *http.Request) {
	lock.Lock()
	defer lock.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/api/v4")
	if path == "/state" {
		names := map[string]string{}
		for name, l := range links {
			names[name] = l.URL
		}
		answer(w, 200, map[string]any{"releases": releases, "links": len(names), "files": files})
		return
	}
	if r.Header.Get("PRIVATE-TOKEN") != "a token of GitLab" {
		answer(w, 401, map[string]string{"message": "401 Unauthorized"})
		return
	}
	body, _ := io.ReadAll(r.Body)
	var given struct{ Name, URL string }
	json.Unmarshal(body, &given)
	switch {
	case path == "/version":
		answer(w, 200, map[string]string{"version": "17.5.0"})
	case strings.Contains(path, "/packages/generic/"):
		files[path[strings.LastIndex(path, "/")+1:]]++
		answer(w, 201, map[string]string{"message": "201 Created"})
	case strings.Contains(path, "/assets/links/") && r.Method == "DELETE":
		for name, l := range links {
			if strings.HasSuffix(path, fmt.Sprintf("/%d", l.ID)) {
				delete(links, name)
			}
		}
		answer(w, 200, link{})
	case strings.HasSuffix(path, "/assets/links") && r.Method == "POST":
		if there, ok := links[given.Name]; ok {
			answer(w, 400, there)
			return
		}
		links[given.Name] = link{next, given.Name, given.URL}
		next++
		answer(w, 201, links[given.Name])
	case strings.HasSuffix(path, "/releases") && r.Method == "POST":
		releases["v1.2.3"]++
		answer(w, 201, map[string]string{"tag_name": "v1.2.3", "name": given.Name})
	case strings.HasSuffix(path, "/releases/v1.2.3"):
		if releases["v1.2.3"] == 0 {
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
