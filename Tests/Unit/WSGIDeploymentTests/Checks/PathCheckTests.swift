import Testing
import WSGICore

@testable import WSGIConfig
@testable import WSGIDeployment

extension DeploymentTests {
    struct PathCheckTests {
        private let ground: Ground

        init() throws {
            ground = try Ground()
            ground.writeSite()
        }

        @Test(arguments: [
            Mistake(
                replaced: "home=$/site", text: "home=$/absent/deeper",
                found: [(.homeUnusable, .error, "home=$/absent/deeper cannot be entered: '$/absent' does not exist.")],
                atStart: false),
            Mistake(
                replaced: "home=$/site", text: "home=$/file", files: "file",
                found: [(.homeUnusable, .error, "home=$/file is not a directory. Correct home=.")], atStart: false),
            Mistake(
                replaced: "home=$/site", text: "python-path=$/absent:$/site:relative:$/zip", files: "zip",
                found: [(.searchPathUnusable, .warning, "WSGIDaemonProcess 'site': python-path=$/absent: no module")]),
            Mistake(
                text: "WSGIPythonPath $/site:$/absent",
                found: [(.searchPathUnusable, .warning, "WSGIPythonPath $/absent: no module will be found")]),
            Mistake(
                replaced: "home=$/site", text: "python-path=$/venv/lib/python3.12/site-packages",
                files: "venv/lib/python3.12/site-packages/",
                found: [
                    (
                        .searchPathUnusable, .notice,
                        "site.conf:2: WSGIDaemonProcess 'site': python-path=$/venv/lib/python3.12/site-packages: these are "
                            + "packages for Python 3.12, but the processes run Python 3.13 ('$/usr/bin/python3.13'): "
                    )
                ], atStart: false),
            Mistake(
                text: "WSGIPythonPath $/venv/lib/python3.12/site-packages", files: "venv/lib/python3.12/site-packages/",
                found: [(.searchPathUnusable, .notice, "set WSGIPythonHome instead")], atStart: false),
            // Those of the same Python, and directories that only look like those of a version.
            Mistake(
                replaced: "home=$/site",
                text: "python-path=$/venv/lib/python3.13/site-packages:$/python3.x:$/python3:$/mypython3.9",
                files: "venv/lib/python3.13/site-packages/;python3.x/;python3/;mypython3.9/"),
            Mistake(
                replaced: "$/site/app.wsgi", text: "$/site/absent.wsgi",
                found: [
                    (
                        .scriptMissing, .warning,
                        "WSGIScriptAlias '/' of the main server: the script '$/site/absent.wsgi' does not exist. Create it"
                    )
                ]),
            Mistake(
                replaced: "$/site/app.wsgi", text: "$/site/absent/app.wsgi",
                found: [(.scriptMissing, .warning, "does not exist: there is no '$/site/absent'")]),
            Mistake(
                replaced: "$/site/app.wsgi process-group=site", text: "$/site/absent process-group=%{GLOBAL}",
                found: [
                    (.scriptMissing, .warning, "'$/site/absent' does not exist. Create it"),
                    (.groupUnused, .notice, "WSGIDaemonProcess 'site'"),
                ]),
            Mistake(
                replaced: "$/site/app.wsgi", text: "site/app.wsgi",
                found: [
                    (.scriptMissing, .warning, "because its path is relative"),
                    (.requireMissing, .warning, "nothing allows access to '/site'"),
                ]),
            Mistake(
                text: "WSGIImportScript $/absent process-group=site application-group=%{GLOBAL}",
                found: [(.scriptMissing, .warning, "WSGIImportScript: the script '$/absent' does not exist")]),
            Mistake(
                text: "WSGIHandlerScript x $/absent",
                found: [(.scriptMissing, .warning, "WSGIHandlerScript: the script")]),
            Mistake(
                text: "<Directory $/site>\nWSGIAccessScript $/absent\n</Directory>",
                found: [(.scriptMissing, .warning, "WSGIAccessScript: the script")]),
            Mistake(text: "<Directory $/site>\nWSGIAccessScript $/site/app.wsgi\n</Directory>"),
            // What an expression maps depends on the request.
            Mistake(
                replaced: "WSGIScriptAlias / $/site/app.wsgi", text: "WSGIScriptAliasMatch ^/(x)$ $/site/$1.wsgi"),
        ])
        func paths(mistake: Mistake) throws { try ground.expectFindings(mistake) }

        @Test(
            .enabled(if: isRoot, needsRoot),
            arguments: [
                Mistake(
                    replaced: "home=$/site", text: "home=$/closed", files: "closed/ 700",
                    found: [
                        (
                            .homeUnusable, .error,
                            "cannot be entered: user 'www-data' of process group 'site' may not enter"
                        )
                    ],
                    atStart: false),
                Mistake(
                    replaced: "home=$/site", text: "python-path=$/closed", files: "closed/ 711",
                    found: [(.searchPathUnusable, .warning, "may not list '$/closed'")]),
                Mistake(
                    replaced: "$/site/app.wsgi", text: "$/site/closed/app.wsgi",
                    files: "site/closed/app.wsgi;site/closed/ 700",
                    found: [
                        (
                            .scriptUnreadable, .warning,
                            "cannot be used: httpd's user 'www-data' may not enter '$/site/closed'"
                        )
                    ]),
                Mistake(
                    text: Lines.other, files: "site/app.wsgi 600",
                    found: [
                        (
                            .scriptUnreadable, .warning,
                            "WSGIScriptAlias '/' of the main server: the script '$/site/app.wsgi' cannot be used: user 'www-data' of process group"
                        ),
                        (
                            .scriptUnreadable, .warning,
                            "WSGIScriptAlias '/other' of the main server: the script '$/site/app.wsgi' cannot be used: httpd's user"
                        ),
                    ]),
                Mistake(
                    text: "WSGIDispatchScript $/closed", files: "closed 600",
                    found: [(.scriptUnreadable, .warning, "WSGIDispatchScript: the script '$/closed' cannot be used")]),
            ])
        func rightsOnPaths(mistake: Mistake) throws { try ground.expectFindings(mistake) }
    }
}
