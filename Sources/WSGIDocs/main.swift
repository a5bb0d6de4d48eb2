// Prints a page of the reference manual: wsgi-docs directives | daemon-options | errors. `make docs` writes all.

switch CommandLine.arguments.dropFirst().first {
case "directives": print(Manual.directives, terminator: "")
case "daemon-options": print(Manual.daemonOptions, terminator: "")
case "errors": print(MessageManual.page, terminator: "")
default: print("usage: wsgi-docs directives|daemon-options|errors")
}
