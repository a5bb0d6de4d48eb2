import Glibc
import ProcessKit
import TestFolder
import Testing
import WSGICore

@testable import WSGIConfig
@testable import WSGIDeployment

extension Ground {
    /// httpd on a machine with a Python and an engine, as its facts are. It runs as the user of Debian's httpd if root starts
    /// it.
    func machine(
        user: UInt32? = nil, isRoot: Bool = isRoot, socketPrefix: String = "$/run/wsgi", children: Int = 4,
        configuration: String? = nil
    ) -> HostFacts {
        folder.write("usr/bin/python3.13", mode: 0o755)
        folder.write("lib/_wsgi_engine.abi3.so")
        var process = ProcessSpec()
        process.httpdChildren = children
        process.mpmName = "event"
        let user = user ?? (isRoot ? 33 : CurrentProcess.user)
        return HostFacts(
            companions: folder.at("lib"), defaultPython: folder.at("usr/bin/python3.13"), user: (user, user),
            isRoot: isRoot, timeout: 77, process: process, serverRoot: path, socketPrefix: expand(socketPrefix),
            configurationFile: configuration)
    }
}

extension DeploymentTests {
    struct GroupResolverTests {
        private let ground: Ground

        init() throws { ground = try Ground() }

        private func resolver(
            _ options: String, _ directives: String = "", _ machine: HostFacts? = nil
        ) throws -> GroupResolver {
            let read = try HandMade(ground.expand("WSGIDaemonProcess a \(options)\n\(directives)"))
            return GroupResolver(read.groups[0], read.global, machine ?? ground.machine())
        }

        private func spec(_ options: String, _ directives: String = "", _ machine: HostFacts? = nil) throws -> GroupSpec
        {
            try resolver(options, directives, machine).spec(preloads: [], logLevel: 6)
        }

        /// Each option with what it means.
        private static let meanings: [(options: String, isRight: @Sendable (GroupSpec) -> Bool)] = [
            ("", { $0.name == "a" && $0.origin == "\(HandMade.file):1" && $0.process.processGroup == "a" }),
            ("", { $0.pythonArguments == ["-P", "-X", "utf8"] && $0.python.hasSuffix("/usr/bin/python3.13") }),
            (
                "",
                {
                    $0.root.isEmpty && $0.umask == nil && $0.lang.isEmpty
                        && !$0.environment.contains { $0.value != nil }
                }
            ),
            ("", { $0.process.mpmName == "event" && $0.process.worker?.logLevel == 6 && !$0.stopsFirst }),
            ("", { $0.process.worker?.displayName == "(wsgi:a)" && $0.process.worker?.isDumpable == true }),
            ("threads=3", { $0.process.worker?.threads == 3 && $0.process.threadsPerProcess == 3 }),
            ("threads=3", { $0.process.isMultithreaded && !$0.process.isMultiprocess }),
            ("threads=1", { !$0.process.isMultithreaded && !$0.process.isRunOnce }),
            ("threads=1 maximum-requests=1", { $0.process.isRunOnce && $0.process.worker?.maximumRequests == 1 }),
            ("threads=1 maximum-requests=1 maximum-requests-jitter=1", { !$0.process.isRunOnce }),
            ("maximum-requests-jitter=9", { $0.process.worker?.maximumRequestsJitter == 9 }),
            ("processes=2", { $0.process.isMultiprocess && $0.process.maximumProcesses == 2 }),
            ("restart-interval=60 replacement=stop-first", { $0.restartInterval == 60 && $0.stopsFirst }),
            ("umask=027 lang=C locale=C.UTF-8", { $0.umask == 0o27 && $0.lang == "C" && $0.locale == "C.UTF-8" }),
            ("locale=C.UTF-8", { $0.process.worker?.locale == "C.UTF-8" }),
            ("home=/srv", { $0.workingDirectory == "/srv" && $0.process.home == "/srv" }),
            ("no-new-privileges=On dumpable=Off", { $0.hasNoNewPrivileges && $0.process.worker?.isDumpable == false }),
            (
                "display-name=shop warmup=/ready?x",
                { $0.process.worker?.displayName == "shop" && $0.process.warmup == "/ready?x" }
            ),
            (
                "stack-size=1M eviction-timeout=8",
                { $0.process.worker?.stackSize == 1 << 20 && $0.process.worker?.evictionTimeout == 8 }
            ),
            (
                "graceful-timeout=7 shutdown-timeout=9",
                { $0.process.worker?.gracefulTimeout == 7 && $0.process.worker?.shutdownTimeout == 9 }
            ),
            ("socket-timeout=5", { $0.process.worker?.socketTimeout == 5 }),
            ("", { $0.process.worker?.socketTimeout == 77 }),
            (
                "send-buffer-size=4096 receive-buffer-size=8192",
                { $0.process.worker?.sendBufferSize == 4096 && $0.process.worker?.receiveBufferSize == 8192 }
            ),
            ("", { $0.limits == LimitSpec() }),
            (
                "cpu-priority=5 cpu-time-limit=10 shutdown-timeout=3",
                { $0.limits.priority == 5 && $0.limits.cpuTime == 10 && $0.limits.mostCPUTime == 14 }
            ),
            ("cpu-time-limit=10", { $0.process.worker?.cpuTimeLimit == 10 }),
            (
                "memory-limit=64M virtual-memory-limit=1G",
                { $0.limits.data == 64 << 20 && $0.limits.addressSpace == 1 << 30 }
            ),
            ("request-timeout=10 threads=1", { $0.process.worker?.limits.request == 10_000 }),
            ("request-timeout=10 threads=15", { $0.process.worker?.limits.request == 37_080 }),
            ("request-timeout=10 request-timeout-rule=exact", { $0.process.worker?.limits.request == 10_000 }),
            (
                "interrupt-timeout=2 startup-timeout=3",
                { $0.process.worker?.limits.interrupt == 2_000 && $0.process.worker?.limits.startup == 3_000 }
            ),
            (
                "inactivity-timeout=4 deadlock-timeout=5",
                { $0.process.worker?.limits.inactivity == 4_000 && $0.process.worker?.limits.deadlock == 5_000 }
            ),
            ("maximum-memory=2M", { $0.process.worker?.limits.memory == 2 << 20 }),
            ("", { $0.process.interpreter.restrictsSignal }),
            ("threads=0", { !$0.process.interpreter.restrictsSignal }),
        ]

        @Test func everyOptionHasItsMeaning() throws {
            for (row, (options, isRight)) in Self.meanings.enumerated() {
                #expect(isRight(try spec(options)), "row \(row): \(options)")
            }
        }

        /// A value of each option that is not its default.
        private static let samples = [
            "processes": "2", "threads": "3", "user": "games", "group": "games", "home": "/srv",
            "supplementary-groups": "games", "chroot": "$/jail", "no-new-privileges": "On", "dumpable": "Off",
            "socket-user": "games", "script-user": "games", "script-group": "games", "umask": "027", "lang": "C",
            "locale": "C.UTF-8", "display-name": "x", "python": "$/usr/bin/python3.13", "python-home": "$/venv",
            "python-path": "/lib", "python-eggs": "/eggs", "switch-interval": "1ms", "env": "A=b",
            "env-file": "-$/absent", "warmup": "/ready", "startup-timeout": "1", "request-timeout": "1",
            "request-timeout-rule": "exact", "interrupt-timeout": "1", "inactivity-timeout": "1",
            "deadlock-timeout": "1", "graceful-timeout": "1", "eviction-timeout": "1", "shutdown-timeout": "1",
            "restart-interval": "1", "maximum-requests": "1", "maximum-requests-jitter": "1", "maximum-memory": "2M",
            "replacement": "stop-first", "connect-timeout": "1", "queue-timeout": "1", "socket-timeout": "1",
            "response-socket-timeout": "1", "listen-backlog": "1", "send-buffer-size": "4096",
            "receive-buffer-size": "4096", "header-buffer-size": "8192", "response-buffer-size": "65536",
            "response-flush-delay": "1", "cpu-time-limit": "1", "cpu-priority": "5", "memory-limit": "64M",
            "virtual-memory-limit": "1G", "stack-size": "1M", "server-metrics": "On",
        ]
        /// Options that have an effect elsewhere, or none.
        private static let elsewhere: Set = [
            "socket-user", "script-user", "script-group", "python", "env-file", "response-flush-delay",
            "server-metrics",
        ]

        /// An option that is stored but not passed on would have no effect.
        @Test(.enabled(if: isRoot, needsRoot)) func everyOptionReachesTheProcesses() throws {
            func described(_ options: String) throws -> String {
                let read = try HandMade(ground.expand("WSGIDaemonProcess a \(options)"))
                var text = ""
                dump(
                    try GroupResolver(read.groups[0], read.global, ground.machine()).spec(preloads: [], logLevel: 6),
                    to: &text)
                dump(GroupSettings(read.groups[0].options, timeout: 60), to: &text)
                return text
            }
            ground.folder.write("venv/bin/python", mode: 0o755)
            ground.folder.write("jail\(ground.folder.at("lib/_wsgi_engine.abi3.so"))")
            ground.folder.write("jail\(ground.folder.at("usr/bin/python3.13"))", mode: 0o755)
            let names = Set(DaemonOptionTable.all.map(\.name.description))
            #expect(names.symmetricDifference(Self.samples.keys) == [])
            let plain = try described("request-timeout=9 maximum-requests=9")
            for name in names.subtracting(Self.elsewhere).sorted() {
                let sample = Self.samples[name] ?? ""
                #expect(try described("request-timeout=9 maximum-requests=9 \(name)=\(sample)") != plain, "\(name)")
            }
        }

        @Test func directivesOfTheServerApply() throws {
            let group = try spec("", "WSGIPythonOptimize 2\nWSGIDontWriteBytecode On\nWSGIDestroyInterpreter Off")
            #expect(group.pythonArguments.contains("-OO") && group.pythonArguments.contains("-B"))
            #expect(!group.process.destroysInterpreters)
            #expect(try spec("").process.destroysInterpreters)
        }

        @Test func variablesOfFilesComeBeforeThoseOfTheLine() throws {
            ground.folder.write("one", "A=file\nB=file\n")
            let group = try spec("env=A=line env-file=$/one env-file=-$/absent python-eggs=/eggs")
            #expect(
                group.environment.filter { $0.value != nil }.map { "\($0.name)=\($0.value ?? "")" } == [
                    "PYTHON_EGG_CACHE=/eggs", "A=file", "B=file", "A=line",
                ])
        }

        /// Options with the error that they lead to; the machine's files are those of `Ground.machine`.
        @Test(arguments: [
            ("user=\(nobody)", LogID.accountUnusable, "there is no user '\(nobody)'"),
            ("group=\(nobody)", .accountUnusable, "there is no group '\(nobody)'"),
            ("supplementary-groups=root,\(nobody)", .accountUnusable, "(supplementary-groups=)"),
            ("script-user=\(nobody)", .accountUnusable, "(script-user=)"),
            ("script-group=\(nobody)", .accountUnusable, "(script-group=)"),
            ("python=$/absent", .pythonMissing, "python= '$/absent' does not exist"),
            ("env-file=$/absent", .environmentFileUnusable, "env-file=$/absent: the file cannot be read ("),
            ("env-file=$/run", .environmentFileUnusable, "it is not a regular file"),
            ("env-file=-$/run", .environmentFileUnusable, "it is not a regular file"),
            ("env-file=$/broken", .environmentFileUnusable, "$/broken"),
            ("threads=0", .serviceWithoutScript, "has threads=0, and no WSGIImportScript names it"),
        ])
        func groupThatCannotRunIsAnError(options: String, id: LogID, phrase: String) throws {
            ground.folder.makeDirectory("run")
            ground.folder.write("broken", "no assignment\n")
            let resolver = try resolver(options)
            let error = try #require(throws: ResolutionError.self) { try resolver.check(hasScripts: false) }
            #expect(error.id == id && error.text.hasPrefix("WSGIDaemonProcess 'a'"))
            #expect(error.text.contains(ground.expand(phrase)), "\(error.text)")
        }

        @Test func serviceWithAScriptRuns() throws {
            #expect(try resolver("threads=0").check(hasScripts: true).name == "a")
            try resolver("threads=1").checkService(hasScripts: false)
        }

        @Test func nothingRunsAsRoot() throws {
            let error = try #require(throws: ResolutionError.self) {
                try spec("", "", ground.machine(user: 0, isRoot: true))
            }
            #expect(error.id == .accountUnusable && error.text.contains("would run as root"))
            // An httpd that root does not start has no rights to give.
            #expect(try spec("", "", ground.machine(user: 0, isRoot: false)).changesUser == false)
        }

        // MARK: - What only an httpd of root can do

        @Test func usersAreChangedByRootOnly() throws {
            let machine = ground.machine(isRoot: true)
            let group = try spec("user=games supplementary-groups=games,#7,#7", "", machine)
            #expect(group.changesUser && group.userID == Games.user && group.userName == "games")
            #expect(group.groupID == machine.groupID)
            #expect(group.supplementaryGroups == [machine.groupID, Games.group, 7])
            // A user of its own starts at home, httpd's own does not.
            #expect(group.workingDirectory == group.userHome && !group.userHome.isEmpty)
            #expect(try spec("", "", machine).workingDirectory.isEmpty)
            #expect(try spec("user=games home=/srv", "", machine).workingDirectory == "/srv")
            let plain = try spec("user=games", "", ground.machine(isRoot: false))
            #expect(!plain.changesUser && plain.workingDirectory.isEmpty)
        }

        @Test func socketsHaveAnOwnerIfRootMakesThem() throws {
            let machine = ground.machine(isRoot: true)
            let owner = try #require(try resolver("socket-user=games", "", machine).socketOwner())
            #expect(owner.user == Games.user && owner.group == machine.groupID)
            #expect(try resolver("", "", machine).socketOwner()?.user == machine.userID)
            #expect(try resolver("socket-user=games", "", ground.machine(isRoot: false)).socketOwner() == nil)
            #expect(try spec("socket-user=games", "", machine).process.worker?.peerUserID == Games.user)
            #expect(throws: ResolutionError.self) { try resolver("socket-user=\(nobody)", "", machine).socketOwner() }
        }

        @Test func rootOfAGroup() throws {
            let machine = ground.machine(isRoot: true)
            func error(_ machine: HostFacts) throws -> ResolutionError {
                try #require(throws: ResolutionError.self) {
                    try spec("chroot=$/root/ python=/usr/bin/python3", "", machine)
                }
            }
            #expect(try error(ground.machine(isRoot: false)).text.contains("chroot= needs httpd to be started by root"))
            #expect(
                try error(machine).text.contains("chroot=\(ground.folder.at("root")) is not an existing directory"))
            ground.folder.makeDirectory("root")
            UserFiles.forget()
            #expect(try error(ground.machine(isRoot: true)).text.contains("install -D '\(machine.engine)'"))
            ground.folder.write("root" + machine.engine)
            UserFiles.forget()
            #expect(try error(ground.machine(isRoot: true)).id == .pythonMissing)
            ground.folder.write("root/usr/bin/python3")
            UserFiles.forget()
            let group = try spec("chroot=$/root/ user=games python=/usr/bin/python3", "", ground.machine(isRoot: true))
            #expect(group.root == ground.folder.at("root") && group.python == "/usr/bin/python3")
            #expect(group.workingDirectory.isEmpty)
        }

        @Test(.enabled(if: isRoot, needsRoot)) func engineOutOfReachIsAnError() throws {
            _ = ground.machine()
            ground.folder.setMode("lib", 0o700)
            let error = try #require(throws: ResolutionError.self) { try spec("user=games") }
            #expect(error.id == .daemonStartFailed)
            #expect(error.text.contains("user 'games' may not enter '\(ground.folder.at("lib"))' (mode 700)"))
        }

        @Test(.enabled(if: isRoot, needsRoot)) func variablesThatTheUserMayNotRead() throws {
            ground.folder.write("site/env", "A=secret\n", mode: 0o600)
            #expect(try spec("env-file=$/site/env").environment.last?.value == "secret")
            ground.folder.setOwner("site", user: Games.user, group: 0)
            UserFiles.forget()
            let error = try #require(throws: ResolutionError.self) { try spec("env-file=$/site/env") }
            #expect(error.id == .environmentFileUnusable && !error.text.contains("secret"))
            #expect(
                error.text.contains("it must be readable for user 'www-data', or in a directory where only root"))
        }

        // MARK: - Former definitions

        /// What a group ran as, what it is defined as now, and whether that is the same.
        @Test(arguments: [
            ("user=games", "user=games", true), ("user=games", "user=#5 threads=3", true),
            ("user=games", "user=daemon", false), ("user=games", "user=\(nobody)", true),
            ("user=games group=games", "user=games group=daemon", false),
            ("user=games group=games", "user=\(nobody) group=daemon", false),
            ("user=games supplementary-groups=#7,#8", "user=games supplementary-groups=#8,#7", true),
            ("user=games supplementary-groups=#7,#8", "user=games supplementary-groups=#7", false),
            ("user=games", "user=games chroot=/srv", false),
        ])
        func rightsAreKept(former: String, now: String, isKept: Bool) throws {
            let machine = ground.machine(isRoot: true)
            #expect(try resolver(now, "", machine).keepsRights(of: spec(former, "", machine)) == isKept)
        }

        @Test func withoutRootThereAreNoOtherRights() throws {
            let machine = ground.machine(isRoot: false)
            let former = try spec("user=games", "", machine)
            #expect(try resolver("user=daemon", "", machine).keepsRights(of: former))
            #expect(try !resolver("chroot=/srv", "", machine).keepsRights(of: former))
        }

        @Test(
            arguments: [
                ("", nil, nil), ("script-user=games", 5, nil), ("script-group=#7", nil, 7),
            ] as [(String, UInt32?, UInt32?)])
        func ownerOfScripts(options: String, user: UInt32?, group: UInt32?) throws {
            let owner = try resolver(options).scriptOwner()
            #expect((owner != nil) == !options.isEmpty)
            #expect(owner?.user?.id == user && owner?.group?.id == group)
            #expect(owner?.user.map { options.contains("script-user=\($0.name)") } != false)
            #expect(owner?.group.map { options.contains("script-group=\($0.name)") } != false)
        }
    }
}
