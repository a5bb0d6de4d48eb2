import Testing
import WSGICore

@testable import WSGIConfig
@testable import WSGIDeployment

extension DeploymentTests {
    struct PythonCheckTests {
        private let ground: Ground

        init() throws {
            ground = try Ground()
            ground.writeSite()
        }

        @Test(arguments: [
            Mistake(
                replaced: "home=$/site", text: "python=$/absent",
                found: [
                    (.pythonMissing, .error, "site.conf:2: WSGIDaemonProcess 'site': python= '$/absent' does not exist")
                ],
                atStart: false),
            Mistake(
                text: "WSGIPythonHome $/venv/bin", files: Lines.venv,
                found: [(.pythonHomeInside, .error, "site.conf:10: ")], atStart: false),
            // Another error of the group does not hide that of its Python.
            Mistake(
                replaced: "home=$/site", text: "python=$/absent user=\(nobody)",
                found: [(.pythonMissing, .error, "$/absent"), (.accountUnusable, .error, nobody)], atStart: false),
            Mistake(replaced: "home=$/site", text: "home=$/site python-home=$/venv", files: Lines.venv),
            // A site's user cannot keep httpd from being reloaded.
            Mistake(
                replaced: "home=$/site", text: "python=$/open/python", files: "open/ 777",
                found: [(.pythonMissing, .warning, "This is only a warning")], atStart: false),
            Mistake(
                text: Lines.other + "WSGIPythonHome $/venv", files: "venv/bin/python 755",
                found: [(.embeddedStartFailed, .warning, "Embedded applications will answer 500.")], atStart: false),
            Mistake(text: Lines.other + "WSGIPythonHome $/venv", files: Lines.venv),
            // Nothing runs embedded.
            Mistake(text: "WSGIPythonHome $/venv", files: "venv/bin/python 755"),
            Mistake(
                replaced: "home=$/site", text: "python-home=$/venv",
                files: "venv/pyvenv.cfg=version=3.12.3;venv/bin/python -> $/usr/bin/python3.13",
                found: [
                    (
                        .pythonChanged, .warning,
                        "was made with Python 3.12.3 ($/venv/pyvenv.cfg), but its bin/python is now Python 3.13"
                    )
                ]),
            Mistake(
                text: "WSGIPythonHome $/venv",
                files: "venv/pyvenv.cfg=version=3.12.3;venv/bin/python -> $/usr/bin/python3.13",
                found: [(.pythonChanged, .warning, "WSGIPythonHome $/venv: this virtual environment")]),
            Mistake(
                replaced: "home=$/site", text: "python=$/opt/bin/python3.99", files: "opt/bin/python3.99 755",
                found: [(.pythonUntested, .notice, "Python 3.99 ('$/opt/bin/python3.99') is newer")]),
            Mistake(replaced: "home=$/site", text: "python=$/opt/bin/python3.15", files: "opt/bin/python3.15 755"),
            Mistake(
                text: Lines.other + "WSGIPythonHome $/opt",
                files: "opt/bin/python -> $/opt/bin/python3.99;opt/bin/python3.99 755",
                found: [(.pythonUntested, .notice, "site.conf:11: Python 3.99 ('$/opt/bin/python')")]),
        ])
        func pythons(mistake: Mistake) throws { try ground.expectFindings(mistake) }

        @Test(
            .enabled(if: isRoot, needsRoot),
            arguments: [
                Mistake(
                    replaced: "home=$/site", text: "python=$/opt/python3.13", files: "opt/python3.13 755;opt/ 700",
                    found: [
                        (
                            .pythonMissing, .error,
                            "cannot be run: user 'www-data' of process group 'site' may not enter '$/opt'"
                        )
                    ],
                    atStart: false),
                Mistake(
                    replaced: "home=$/site", text: "python=$/opt/python3.13", files: "opt/python3.13 744",
                    found: [(.pythonMissing, .error, "may not execute '$/opt/python3.13'")], atStart: false),
                Mistake(
                    replaced: "home=$/site", text: "python-home=$/venv",
                    files: Lines.venv + "venv/lib/python3.13/site-packages/ 700",
                    found: [
                        (
                            .searchPathUnusable, .notice,
                            "no package will be found in '$/venv/lib/python3.13/site-packages'"
                        )
                    ],
                    atStart: false),
                Mistake(
                    replaced: "home=$/site", text: "python-home=$/venv",
                    files: Lines.venv + "venv/lib/python3.13/site-packages/ 711",
                    found: [(.searchPathUnusable, .notice, "may not list")], atStart: false),
                Mistake(
                    replaced: "home=$/site", text: "python-home=$/venv",
                    files: Lines.venv + "venv/pyvenv.cfg 600;venv/lib/python3.13/site-packages/",
                    found: [(.searchPathUnusable, .notice, "in the virtual environment '$/venv'")], atStart: false),
                Mistake(
                    replaced: "home=$/site", text: "python-home=$/venv",
                    files: Lines.venv
                        + "venv/lib/python3.13/site-packages/a.py;venv/lib/python3.13/site-packages/b/ 700;"
                        + "venv/lib/python3.13/site-packages/c.py 600",
                    found: [
                        (
                            .searchPathUnusable, .notice,
                            "'b' in '$/venv/lib/python3.13/site-packages' cannot be imported"
                        )
                    ],
                    atStart: false),
                // What is no package does not count.
                Mistake(
                    replaced: "home=$/site", text: "python-home=$/venv",
                    files: Lines.venv + "venv/lib/python3.13/site-packages/a-info/ 700;"
                        + "venv/lib/python3.13/site-packages/__pycache__/ 700;venv/lib/python3.13/site-packages/x.txt 600"
                ),
                Mistake(
                    text: Lines.other + "WSGIPythonHome $/venv",
                    files: Lines.venv + "venv/bin/ 700",
                    found: [
                        (
                            .pythonMissing, .error,
                            "WSGIDaemonProcess 'site': the Python '$/venv/bin/python' cannot be run"
                        ),
                        (
                            .pythonMissing, .warning,
                            "Embedded mode: the Python '$/venv/bin/python' cannot be used: httpd's user 'www-data'"
                        ),
                    ], atStart: false),
                Mistake(
                    text: Lines.other + "WSGIPythonHome $/venv",
                    files: Lines.venv + "venv/lib/python3.13/site-packages/a.py 600",
                    found: [
                        (.searchPathUnusable, .notice, "WSGIDaemonProcess 'site': 'a.py' in"),
                        (.searchPathUnusable, .notice, "Embedded mode: 'a.py' in"),
                    ], atStart: false),
            ])
        func rightsOnPythons(mistake: Mistake) throws { try ground.expectFindings(mistake) }
    }
}
