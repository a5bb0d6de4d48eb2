internal import WSGICore

// Prints a page of the reference manual, or the fields of specs for tests: `make docs` writes all of them.

switch CommandLine.arguments.dropFirst().first {
case "directives": print(Manual.directives, terminator: "")
case "daemon-options": print(Manual.daemonOptions, terminator: "")
case "errors": print(MessageManual.page, terminator: "")
case "spec-layout": print(SupervisorSpec.layout)
default: print("usage: wsgi-docs directives|daemon-options|errors|spec-layout")
}
