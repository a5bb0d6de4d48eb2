import ProcessKit
import TestFolder
import Testing

struct SpawnTests {
    /// Runs a shell script and returns what it wrote and how it ended.
    private func run(
        _ script: String, _ change: (inout SpawnRequest) -> Void = { _ in }
    ) throws -> (text: String, ending: ProcessHandle.Ending) {
        let output = try MemoryFile.create("output")
        let null = try Descriptor.null()
        var request = SpawnRequest(executable: "/bin/sh", arguments: ["sh", "-c", script], environment: ["A=b"])
        request.descriptors = [null.raw, output.raw, output.raw]
        change(&request)
        let process = try ProcessHandle(id: try request.start())
        let ended = process.ends(within: 10_000)
        #expect(ended)
        let reaped = process.reap()
        let ending = try #require(reaped)
        return (String(decoding: try MemoryFile.contents(of: output.raw), as: UTF8.self), ending)
    }

    private func failure(_ change: (inout SpawnRequest) -> Void) throws -> SpawnError {
        let null = try Descriptor.null()
        var request = SpawnRequest(executable: "/bin/sh", arguments: ["sh"], environment: [])
        request.descriptors = [null.raw]
        change(&request)
        do throws(SpawnError) {
            _ = try request.start()
        } catch {
            return error
        }
        throw SystemError("it started", 0)
    }

    @Test func processGetsWhatItShouldAndNoMore() throws {
        let result = try run(
            "echo $A; pwd; umask; ls /proc/self/fd | wc -l; ps -o sid= -p $$ | grep -qw $$ && echo own"
        ) {
            $0.workingDirectory = "/usr"
            $0.umask = 0o27
        }
        // ls has the descriptor of the directory beside the three.
        #expect(result.text == "b\n/usr\n0027\n4\nown\n")
        #expect(result.ending == .exited(code: 0))
    }

    @Test func endingsAreTold() throws {
        #expect(try run("exit 7").ending == .exited(code: 7))
        #expect(try run("kill -TERM $$").ending == .killed(signal: 15))
        #expect(ProcessHandle.signalName(15) == "SIGTERM")
    }

    @Test func descriptorsArePlacedWhateverTheirNumbers() throws {
        let one = try memoryFile("one")
        let two = try memoryFile("two")
        let result = try run("cat /dev/fd/3 /dev/fd/4") { request in
            request.descriptors += [two.raw, one.raw]
        }
        #expect(result.text == "twoone")
    }

    @Test func signalsAreAtTheirDefaults() throws {
        let status = try run("cat /proc/self/status").text.split(separator: "\n")
        for name in ["SigBlk", "SigIgn", "SigCgt"] {
            let line = try #require(status.first { $0.hasPrefix(name) })
            let set = try #require(line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
            // 32 and 33 are the C library's own and not to be changed.
            #expect(set & ~(0b11 << 31) == 0, "\(line)")
        }
    }

    @Test func missingExecutableIsReportedWithItsPath() throws {
        let failure = try failure { $0.executable = "/usr/nowhere/bin/python" }
        #expect(failure.step == .execute && failure.code == 2)
        #expect(failure.deniedPath == "/usr/nowhere")
    }

    /// As in a virtual environment, whose bin/python is a link to one that is a link to an installation.
    @Test func closedDirectoryBehindLinksIsReported() throws {
        guard CurrentProcess.user == 0 else { return }
        let folder = try Folder()
        folder.write("closed/bin/python3.99", mode: 0o755)
        folder.setMode("closed", 0o700)
        folder.link("python3", to: folder.at("closed/bin/python3.99"))
        folder.link("python", to: "python3")
        folder.link("home", to: "closed")
        let user = SpawnRequest.Credentials(user: 65_534, group: 65_534, supplementaryGroups: [])
        let failure = try failure {
            $0.executable = folder.at("python")
            $0.credentials = user
        }
        #expect(failure.step == .execute && failure.code == 13 && failure.deniedPath == folder.at("closed"))
        let other = try self.failure {
            $0.workingDirectory = folder.at("home")
            $0.credentials = user
        }
        #expect(other.step == .directory && other.code == 13 && other.deniedPath == folder.at("closed"))
    }

    @Test func missingTargetOfALinkIsReported() throws {
        let folder = try Folder()
        folder.link("python", to: folder.at("bin/python3.99"))
        let failure = try failure { $0.executable = folder.at("python") }
        #expect(failure.code == 2 && failure.deniedPath == folder.at("bin"))
    }

    @Test func missingDirectoryIsReported() throws {
        let failure = try failure { $0.workingDirectory = "/nowhere" }
        #expect(failure.step == .directory && failure.code == 2)
        #expect(failure.deniedPath == "/nowhere")
    }

    @Test func scriptWithoutInterpreterIsReported() throws {
        let file = try memoryFile("#!/nowhere/sh\n")
        let path = "/proc/\(CurrentProcess.id)/fd/\(file.raw)"
        let failure = try failure { $0.executable = path }
        #expect(failure.step == .execute)
    }

    @Test func processIsHeldToItsLimits() throws {
        let result = try run("ulimit -t; ulimit -d; ulimit -v; ulimit -Ht; nice") {
            $0.limits.cpuTime = 100
            $0.limits.mostCPUTime = 107
            $0.limits.data = 512 << 20
            $0.limits.addressSpace = 4 << 30
            $0.limits.priority = 5
        }
        #expect(result.text == "100\n\(512 << 10)\n\(4 << 20)\n107\n5\n")
    }

    @Test func whatIsDeniedIsTold() throws {
        // A hard limit that is lower can be raised by nobody but root.
        var limits = SpawnRequest.Limits()
        limits.cpuTime = 20
        limits.mostCPUTime = 10
        limits.data = 512 << 20
        let null = try Descriptor.null()
        var request = SpawnRequest(executable: "/bin/true", arguments: ["true"], environment: [])
        request.descriptors = [null.raw, null.raw, null.raw]
        request.limits = limits
        let launch = try request.begin()
        let process = try ProcessHandle(id: launch.id)
        let ended = process.ends(within: 10_000)
        let ending = process.reap()
        #expect(ended && ending == .exited(code: 0))
        #expect(launch.listen() && launch.failure == nil)
        #expect(launch.denials.map(\.wish) == [.cpuTime] && launch.denials.map(\.code) == [22])
        launch.close()
        #expect(launch.raw == -1 && launch.listen())
    }

    @Test func rootIsChanged() throws {
        guard CurrentProcess.user == 0 else {
            let failure = try failure { $0.root = "/" }
            #expect(failure.step == .root && failure.code == 1)
            return
        }
        // Where /bin and /lib are links into /usr, that directory is as good as a root.
        guard FileView.own.status(of: "/usr/lib64").code == 0 else { return }
        let result = try run("pwd; test -e /usr || echo within") { $0.root = "/usr" }
        #expect(result.text == "/\nwithin\n")
        let lower = try run("pwd") {
            $0.root = "/usr"
            $0.workingDirectory = "/share"
        }
        #expect(lower.text == "/share\n")
    }

    @Test func missingRootIsReported() throws {
        guard CurrentProcess.user == 0 else { return }
        let failure = try failure { $0.root = "/var/nowhere/root" }
        #expect(failure.step == .root && failure.code == 2)
        #expect(failure.deniedPath == "/var/nowhere")
    }
}
