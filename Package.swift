// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target is compiled with: Swift 6, no warnings, every unsafe expression marked.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .strictMemorySafety(),
]

/// What every C target is compiled with.
let strictC: [CSetting] = [.define("_GNU_SOURCE"), .treatAllWarnings(as: .error)]

/// The unit tests in the folder of this name in Tests/Unit.
func unitTests(_ name: String, of dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/Unit/\(name)", swiftSettings: strict)
}

/// The fuzz targets: the test of their corpus, or, for `make fuzz`, the program that libFuzzer drives.
let fuzzDependencies: [Target.Dependency] = ["WSGICore", "WSGIConfig", "WSGIWire"]
let fuzzing: Target =
    if Context.environment["WSGI_FUZZ"] != nil {
        .executableTarget(
            name: "WSGIFuzz", dependencies: fuzzDependencies, path: "Tests/Fuzz",
            exclude: ["CorpusTests.swift", "corpus", "dictionaries"], swiftSettings: strict)
    } else {
        .testTarget(
            name: "WSGIFuzzTests", dependencies: fuzzDependencies, path: "Tests/Fuzz",
            exclude: ["Driver", "corpus", "dictionaries"], swiftSettings: strict)
    }

let package = Package(
    name: "mod_wsgi",
    products: [
        // One static archive per runtime artefact; the Makefile does the final links.
        .library(name: "ModWSGI", type: .static, targets: ["ModWSGI"]),
        .library(name: "WSGIEngine", type: .static, targets: ["WSGIEngine"]),
        .executable(name: "wsgi-supervisor", targets: ["WSGISupervisor"]),
        // Writes the reference manual; not installed.
        .executable(name: "wsgi-docs", targets: ["WSGIDocs"]),
    ],
    targets: [
        // Compiler flags only: where the headers of APR and of CPython are.
        .systemLibrary(name: "APR", path: "shim/APR", pkgConfig: "apr-util-1", providers: [.apt(["libaprutil1-dev"])]),
        .systemLibrary(
            name: "Python3", path: "shim/Python3", pkgConfig: "python3", providers: [.apt(["libpython3-dev"])]),

        // A header only: the contract of the engine with whoever hands it requests.
        .systemLibrary(name: "CEngineABI", path: "shim/CEngineABI"),

        // C: the three doors to what Swift cannot call, memory that processes share, and the module record.
        .target(name: "CSystem", path: "shim/CSystem", cSettings: strictC),
        .target(name: "CSharedMemory", path: "shim/CSharedMemory", cSettings: strictC),
        .target(name: "CPython", dependencies: ["Python3"], path: "shim/CPython", cSettings: strictC),
        .target(name: "CHTTPD", dependencies: ["APR"], path: "shim/CHTTPD", cSettings: strictC),
        .target(name: "CModule", dependencies: ["CHTTPD"], path: "shim/CModule", cSettings: strictC),

        // Pure: no httpd, no Python, no system calls.
        .target(name: "WSGICore", swiftSettings: strict),
        .target(name: "WSGIConfig", dependencies: ["WSGICore"], swiftSettings: strict),
        .target(name: "WSGIWire", dependencies: ["WSGICore"], swiftSettings: strict),

        // The manual: explanations as data, and the program that prints them as pages.
        .target(name: "WSGIManual", dependencies: ["WSGICore"], swiftSettings: strict),
        .executableTarget(
            name: "WSGIDocs", dependencies: ["WSGIConfig", "WSGICore", "WSGIManual"], swiftSettings: strict),

        // The operating system, CPython, and what runs in the worker.
        .target(name: "ProcessKit", dependencies: ["CSystem", "CSharedMemory"], swiftSettings: strict),
        .target(name: "PythonRuntime", dependencies: ["CPython"], swiftSettings: strict),
        .target(
            name: "WSGIAdapter",
            dependencies: ["WSGICore", "WSGIWire", "PythonRuntime", "CPython", "CSystem", "CEngineABI"],
            // tools/embed-python writes them into Swift.
            exclude: [
                "PythonHost/Events/events.py", "PythonHost/Metrics/metrics.py", "PythonHost/Module/late_names.py",
                "PythonHost/Module/log_handler.py",
                "PythonHost/Interpreters/child_processes.py", "PythonHost/Interpreters/interpreter.py",
                "PythonHost/Interpreters/restrictions.py", "PythonHost/Module/packages.py",
                "PythonHost/Scripts/scripts.py", "PythonHost/Scripts/service_signals.py", "WSGI/file_wrapper.py",
            ],
            swiftSettings: strict),
        .target(
            name: "WSGIEngine",
            dependencies: [
                "WSGIAdapter", "WSGICore", "WSGIWire", "ProcessKit", "PythonRuntime", "CPython", "CSystem",
                "CSharedMemory", "CEngineABI",
            ],
            swiftSettings: strict),

        // What a configuration means on this machine: accounts, Pythons, paths, findings. For the module and other programs.
        .target(
            name: "WSGIDeployment", dependencies: ["WSGICore", "WSGIConfig", "ProcessKit"], swiftSettings: strict),

        // The pages of wsgi-metrics and wsgi-status: pure.
        .target(name: "WSGIStatus", dependencies: ["WSGICore"], swiftSettings: strict),

        // The supervisor and the module.
        .executableTarget(
            name: "WSGISupervisor", dependencies: ["WSGICore", "WSGIWire", "ProcessKit"],
            swiftSettings: strict),
        .target(
            name: "ModWSGI",
            dependencies: [
                "WSGICore", "WSGIConfig", "WSGIWire", "ProcessKit", "WSGIDeployment", "WSGIStatus", "CHTTPD", "CModule",
                "CSystem",
                "CSharedMemory", "CEngineABI",
            ],
            swiftSettings: strict),

        unitTests("WSGICoreTests", of: ["WSGICore"]),
        unitTests("WSGIConfigTests", of: ["WSGIConfig", "WSGICore"]),
        unitTests("WSGIDocsTests", of: ["WSGIDocs", "WSGIManual", "WSGICore"]),
        unitTests("WSGIWireTests", of: ["WSGIWire", "WSGICore"]),
        // A temporary folder, for tests that look at files.
        .target(name: "TestFolder", path: "Tests/Unit/TestFolder", swiftSettings: strict),
        unitTests("ProcessKitTests", of: ["ProcessKit", "CSystem", "CSharedMemory", "TestFolder"]),
        unitTests("WSGIDeploymentTests", of: ["WSGIDeployment", "WSGICore", "WSGIConfig", "ProcessKit", "TestFolder"]),
        unitTests("WSGIStatusTests", of: ["WSGIStatus", "WSGICore"]),
        unitTests("WSGISupervisorTests", of: ["WSGISupervisor", "WSGICore", "WSGIWire", "ProcessKit"]),
        fuzzing,
    ]
)
