// Prints a page of the reference manual: wsgi-docs directives | daemon-options. `make docs` writes both.

switch CommandLine.arguments.dropFirst().first {
case "directives": print(Manual.directives, terminator: "")
case "daemon-options": print(Manual.daemonOptions, terminator: "")
default: print("usage: wsgi-docs directives|daemon-options")
}
