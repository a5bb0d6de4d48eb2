import Glibc
import TestFolder
import Testing
import WSGICore

@testable import WSGIConfig
@testable import WSGIDeployment

extension DeploymentTests {
    /// Pythons that are empty files: nothing is executed.
    struct PythonTests {
        private let ground: Ground
        private var files: UserFiles { .own }

        init() throws {
            ground = try Ground()
            let folder = ground.folder
            folder.write("default", mode: 0o755)
            folder.write("usr/bin/python3.13", mode: 0o755)
            folder.write("usr/bin/python3.9", mode: 0o755)
            folder.write("usr/bin/plain", mode: 0o644)
            folder.write("venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.13.1\n")
            folder.link("venv/bin/python", to: "python3")
            folder.link("venv/bin/python3", to: ground.folder.at("usr/bin/python3.13"))
            folder.link("only3/bin/python3", to: ground.folder.at("usr/bin/python3.13"))
            folder.write("old/pyvenv.cfg", "version_info=3.9.2.final.0;x\n")
            folder.link("old/bin/python", to: ground.folder.at("usr/bin/python3.13"))
            folder.link("oldlink/bin/python", to: ground.folder.at("usr/bin/python3.9"))
            folder.link("broken/bin/python", to: "/nowhere/python3.13")
            folder.makeDirectory("empty")
        }

        /// What is chosen by the options of a group and the directives of the server.
        private func choice(_ options: String, _ directive: String = "", root: String = "") throws -> String {
            let read = try HandMade(ground.expand("WSGIDaemonProcess a \(options)\n\(directive)"))
            return try PythonChoice.executable(
                read.groups[0].options, read.global, ground.folder.at("default"), files, for: "Group", root: root)
        }

        @Test(arguments: [
            ("", "", "$/default"),
            ("", "WSGIPythonHome $/venv", "$/venv/bin/python"),
            ("python-home=$/only3", "WSGIPythonHome $/venv", "$/only3/bin/python3"),
            ("python=$/usr/bin/python3.13", "WSGIPythonHome $/venv", "$/usr/bin/python3.13"),
            ("python-home=$/venv:$/empty", "", "$/venv/bin/python"),
        ])
        func pythonIsChosen(options: String, directive: String, expected: String) throws {
            #expect(try choice(options, directive) == ground.expand(expected))
        }

        @Test(arguments: [
            ("python=$/absent", LogID.pythonMissing, "Group: python= '$/absent' does not exist"),
            ("python=$/usr/bin/plain", .pythonMissing, "is not an executable file"),
            ("python=$/empty", .pythonMissing, "is not an executable file"),
            ("python=$/usr/bin/python3.9", .pythonUnsupported, "python= is Python 3.9 ('$/usr/bin/python3.9')"),
            ("python-home=$/absent", .pythonMissing, "python-home=$/absent does not exist. It must be"),
            ("python-home=$/default", .pythonHomeInside, "python-home=$/default is not a directory. It must be"),
            (
                "python-home=$/venv/bin", .pythonHomeInside,
                "has no bin/python and so is not a Python installation. Did you mean $/venv,"
            ),
            ("python-home=$/empty", .pythonHomeInside, "Name the directory that holds pyvenv.cfg"),
            ("python-home=$/broken", .pythonMissing, "python3 -m venv --clear $/broken."),
            (
                "python-home=$/old", .pythonUnsupported,
                "a virtual environment of Python 3.9.2.final.0 ($/old/pyvenv.cfg)"
            ),
            (
                "python-home=$/oldlink", .pythonUnsupported,
                "python-home=$/oldlink is Python 3.9 ('$/oldlink/bin/python')"
            ),
        ])
        func pythonThatCannotRunIsAnError(options: String, id: LogID, phrase: String) throws {
            let error = try #require(throws: ResolutionError.self) { try choice(options) }
            #expect(error.id == id && error.text.contains(ground.expand(phrase)), "\(error.text)")
        }

        @Test func embeddedApplicationsHaveThatOfTheServer() throws {
            let read = try HandMade("WSGIPythonHome \(ground.folder.at("venv"))")
            #expect(
                try PythonChoice.embedded(read.global, "/default", files) == ground.folder.at("venv/bin/python"))
            let fallback = ground.folder.at("default")
            #expect(try PythonChoice.embedded(GlobalSettings(), fallback, files) == fallback)
            let error = try #require(throws: ResolutionError.self) {
                try PythonChoice.embedded(GlobalSettings(), ground.folder.at("absent"), files)
            }
            #expect(error.id == .pythonMissing && error.text.hasPrefix("Embedded mode: the default Python '"))
        }

        /// In a chroot links lead elsewhere, so that only their being there counts.
        @Test func pythonIsLookedForWithinARoot() throws {
            let folder = ground.folder
            folder.link("root/venv/bin/python3", to: "/nowhere")
            folder.write("root/usr/bin/python3")
            #expect(try choice("python=/usr/bin/python3", root: folder.at("root")) == "/usr/bin/python3")
            #expect(try choice("python-home=/venv", root: folder.at("root")) == "/venv/bin/python3")
            #expect(try choice("", "WSGIPythonHome /venv", root: folder.at("root")) == "/venv/bin/python3")
            for options in ["python=/bin/python", "python-home=/usr/lib", ""] {
                let error = try #require(throws: ResolutionError.self) { try choice(options, root: folder.at("root")) }
                #expect(error.id == .pythonMissing && error.text.contains("within chroot=\(folder.at("root"))"))
            }
        }

        /// The process itself will report it.
        @Test(.enabled(if: isRoot, needsRoot), arguments: ["python=$/closed/bin/python3.13", "python-home=$/closed"])
        func pythonOutOfReachIsTaken(options: String) throws {
            ground.folder.makeDirectory("closed", mode: 0o700)
            let read = try HandMade(ground.expand("WSGIDaemonProcess a \(options)"))
            let chosen = try PythonChoice.executable(
                read.groups[0].options, read.global, "", Games.identity.files, for: "Group")
            #expect(chosen.hasPrefix(ground.folder.at("closed/bin/python")))
        }

        // MARK: - PythonFacts

        @Test(
            arguments: [
                ("venv", "3.13.1", "3.13", "3.13.1"), ("old", "3.9.2.final.0", "3.13", "3.13"),
                ("only3", nil, "3.13", "3.13"), ("broken", nil, nil, nil), ("venv:/other", "3.13.1", "3.13", "3.13.1"),
            ] as [(String, String?, String?, String?)])
        func factsOfAnInstallation(home: String, environment: String?, executable: String?, best: String?) {
            let facts = PythonFacts(prefix: ground.folder.at(home), files)
            #expect(facts.environmentVersion == environment)
            #expect(facts.executableVersion == executable)
            #expect(facts.version == best)
        }

        @Test(
            arguments: [
                ("python3.12", "3.12"), ("python3.13t", "3.13"), ("python3.14.1", "3.14.1"), ("pypy3.11", nil),
                ("python3", nil),
            ] as [(String, String?)])
        func versionIsInTheName(name: String, version: String?) {
            let facts = PythonFacts(executable: ground.folder.write("opt/bin/\(name)", mode: 0o755), files)
            #expect(facts.prefix == ground.folder.at("opt") && facts.executableVersion == version)
        }

        @Test func versionIsThatOfTheOnlyLibrary() {
            let python = ground.folder.write("opt/bin/python3", mode: 0o755)
            ground.folder.write("opt/lib/python3.12/os.py")
            #expect(PythonFacts(executable: python, files).version == "3.12")
            ground.folder.write("opt/lib/python3.13/os.py")
            UserFiles.forget()
            #expect(PythonFacts(executable: python, files).version == nil)
        }

        @Test func versionIsShownToItsFirstStrangeCharacter() {
            #expect(PythonFacts.shown("3.13.0rc1+") == "3.13.0rc1+")
            #expect(PythonFacts.shown("3.9\u{1b}[31m") == "3.9" && PythonFacts.shown("é").isEmpty)
            #expect(PythonFacts.minor("3.13.1") == ["3", "13"])
        }

        @Test(arguments: [("3.10", true), ("3.11", false), ("3.9.2", true), ("4.0", false), ("x", false)])
        func oldVersion(version: String, isTooOld: Bool) { #expect(PythonChoice.isTooOld(version) == isTooOld) }

        // MARK: - PythonLibrary

        @Test(
            arguments: [
                ("usr/bin/python3.13", [], ["libpython3.13.so.1.0"]),
                ("venv/bin/python", [], ["libpython3.13.so.1.0"]),
                (
                    "venv/bin/python", ["usr/lib64/libpython3.13.so.1.0", "usr/lib/libpython3.12.so.1.0"],
                    ["$/usr/lib64/libpython3.13.so.1.0", "libpython3.13.so.1.0"]
                ),
                (
                    "opt/bin/python3", ["opt/lib/libpython3.11.so.1.0", "opt/lib/libpython3.12.so.1.0"],
                    ["$/opt/lib/libpython3.12.so.1.0", "libpython3.12.so.1.0"]
                ),
            ] as [(String, [String], [String])])
        func libraryIsFound(python: String, libraries: [String], expected: [String]) throws {
            ground.folder.write("opt/bin/python3", mode: 0o755)
            for library in libraries { ground.folder.write(library) }
            #expect(try PythonLibrary.find(for: ground.folder.at(python), files) == expected.map(ground.expand))
        }

        @Test(arguments: [
            ("absent", LogID.pythonMissing, "'$/absent' does not exist"),
            ("broken/bin/python", .pythonMissing, "or leads to a file that does not exist."),
            ("default", .embeddedStartFailed, "does not show which Python it is"),
            ("usr/bin/python3.9", .pythonUnsupported, "'$/usr/bin/python3.9' is Python 3.9; this module needs 3.11"),
        ])
        func libraryThatIsNotFoundIsAnError(python: String, id: LogID, phrase: String) throws {
            let error = try #require(throws: ResolutionError.self) {
                try PythonLibrary.find(for: ground.folder.at(python), files)
            }
            #expect(error.id == id && error.text.contains(ground.expand(phrase)), "\(error.text)")
        }

        @Test(.enabled(if: isRoot, needsRoot)) func libraryOfAPythonOutOfReach() throws {
            let python = ground.folder.write("closed/bin/python3", mode: 0o755)
            ground.folder.setMode("closed", 0o700)
            let error = try #require(throws: ResolutionError.self) {
                try PythonLibrary.find(for: python, Games.identity.files)
            }
            #expect(error.id == .pythonMissing && error.text.contains("may not enter a directory on the way to it"))
        }
    }
}
