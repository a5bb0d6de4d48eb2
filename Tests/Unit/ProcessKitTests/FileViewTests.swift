import CSystem
import Glibc
import ProcessKit
import TestFolder
import Testing

/// One helper at a time looks at files, so these tests run one after the other, and never while others have a `Folder`.
@Suite(.serialized) struct FileViewTests {
    /// The user and the group `games` of Debian.
    private static let games: UInt32 = 5

    private let folder: Folder
    private let view = FileView(user: games, group: games, groups: [games])
    private var isRoot: Bool { CurrentProcess.user == 0 }

    init() throws { folder = try Folder() }

    private func code(_ body: () throws -> Void) -> Int32 {
        do { try body() } catch { return (error as? SystemError)?.code ?? -1 }
        return 0
    }

    @Test func kindsOfFiles() throws {
        defer { FileView.end() }
        let file = folder.write("file", "text", mode: 0o755)
        unsafe symlink(file, folder.path + "/link")
        unsafe symlink("/nowhere", folder.path + "/dangling")
        unsafe symlink("loop", folder.path + "/loop")
        unsafe mkfifo(folder.path + "/fifo", 0o666)
        let names = ["file", "link", "dangling", "loop", "fifo", "absent", "file/below", ""]
        let found = view.status(of: names.map { folder.path + "/" + $0 })
        #expect(
            found.map(\.kind) == [.file, .file, .missing, .missing, .other, .missing, .missing, .directory])
        #expect(found[0].isProgram && found[0].modified > 0)
        #expect(view.linkStatus(of: folder.path + "/link").kind == .link)
        #expect(try view.realPath(folder.path + "/link") == file)
        #expect(try Set(view.names(in: folder.path, atMost: 9)) == ["file", "link", "dangling", "loop", "fifo"])
        #expect(try view.names(in: folder.path, atMost: 2).count == 2)
    }

    @Test func manyPathsAreAskedAboutAtOnce() throws {
        defer { FileView.end() }
        let long = String(repeating: "x", count: 3000)
        let found = view.status(of: (0..<500).map { $0 % 2 == 0 ? "/" : "/\(long)\($0)" })
        #expect(found.count == 500)
        #expect(found.enumerated().allSatisfy { $1.kind == ($0 % 2 == 0 ? .directory : .missing) })
    }

    @Test func onlyRegularFilesAreRead() throws {
        defer { FileView.end() }
        #expect(try view.contents(of: folder.write("file", "text"), atMost: 4) == Array("text".utf8))
        #expect(code { _ = try view.contents(of: folder.write("file", "text"), atMost: 3) } == EFBIG)
        unsafe mkfifo(folder.path + "/fifo", 0o666)
        for path in [folder.path + "/fifo", folder.path, "/dev/null", "/proc/self/status"] {
            #expect(code { _ = try view.contents(of: path, atMost: 100) } == EINVAL, "\(path)")
        }
        #expect(code { _ = try view.contents(of: folder.path + "/absent", atMost: 100) } == ENOENT)
    }

    @Test func rightsAreThoseOfTheUser() throws {
        guard isRoot else { return }
        defer { FileView.end() }
        let file = folder.write("file", "text", mode: 0o600)
        #expect(code { _ = try view.contents(of: file, atMost: 100) } == EACCES)
        #expect(try FileView.own.contents(of: file, atMost: 100).count == 4)
        #expect(view.access(file, R_OK).code == EACCES && FileView.own.access(file, R_OK).code == 0)
        unsafe chown(file, Self.games, Self.games)
        #expect(try view.contents(of: file, atMost: 100).count == 4)
        let other = FileView(user: Self.games + 1, group: Self.games, groups: [Self.games])
        #expect(code { _ = try other.contents(of: file, atMost: 100) } == EACCES)
        unsafe chmod(file, 0o640)
        #expect(try other.contents(of: file, atMost: 100).count == 4)
        unsafe mkdir(folder.path + "/closed", 0o700)
        let denied = view.access(folder.path + "/closed/deep/file", R_OK)
        #expect(denied.code == EACCES && denied.mode & 0o7777 == 0o700)
        #expect(denied.deniedLength == (folder.path + "/closed").utf8.count)
    }

    @Test func secretsAreReadWhereOnlyRootCanExchangeThem() throws {
        guard isRoot else { return }
        defer { FileView.end() }
        unsafe mkdir(folder.path + "/inner", 0o755)
        let file = folder.write("inner/file", "text", mode: 0o600)
        func secret(_ name: String) -> Int32 { code { _ = try view.secret(of: folder.path + "/" + name, atMost: 100) } }
        #expect(secret("inner/file") == 0)
        // Links of root's, absolute, relative and upwards.
        unsafe symlink(file, folder.path + "/absolute")
        unsafe symlink("inner/file", folder.path + "/relative")
        unsafe symlink("../inner/../absolute", folder.path + "/inner/upwards")
        unsafe symlink("inner", folder.path + "/folder")
        unsafe symlink("loop", folder.path + "/loop")
        #expect(["absolute", "relative", "inner/upwards", "folder/file"].map(secret) == [0, 0, 0, 0])
        #expect(secret("loop") == ELOOP && secret("inner/absent") == ENOENT)
        // A directory of somebody else's, or one that others may write to.
        unsafe chown(folder.path + "/inner", Self.games, 0)
        #expect(["inner/file", "absolute", "relative", "folder/file"].map(secret) == [EACCES, EACCES, EACCES, EACCES])
        unsafe chown(folder.path + "/inner", 0, 0)
        for mode: mode_t in [0o777, 0o775, 0o1777] {
            unsafe chmod(folder.path + "/inner", mode)
            #expect(secret("inner/file") == EACCES, "\(mode)")
        }
        unsafe chmod(folder.path + "/inner", 0o755)
        unsafe mkfifo(folder.path + "/inner/fifo", 0o600)
        #expect(secret("inner/fifo") == EINVAL && secret("inner") == EINVAL && secret("inner/file") == 0)
    }

    @Test func noFileHasANameWithANulByte() throws {
        defer { FileView.end() }
        #expect(view.status(of: ["/", "/\0x", "/"]).map(\.kind) == [.directory, .missing, .directory])
        #expect(view.access("/\0", R_OK).code == ENOENT)
        #expect(code { _ = try view.contents(of: "/etc/passwd\0x", atMost: 100_000) } == ENOENT)
    }

    /// The helper, which the last question was put to.
    private func helper() throws -> Int32 {
        try #require(
            ProcessHandle.children().first { id in
                var name = [UInt8](repeating: 0, count: 32)
                let file = unsafe open("/proc/\(id)/comm", O_RDONLY)
                defer { close(file) }
                return unsafe read(file, &name, 32) > 0 && name.starts(with: "wsgi-files".utf8)
            })
    }

    @Test func helperIsTheUsersForFilesAlone() throws {
        guard isRoot else { return }
        defer { FileView.end() }
        unsafe mkdir(folder.path + "/closed", 0o700)
        #expect(view.status(of: folder.path + "/closed/file").code == EACCES)
        let id = try helper()
        let output = try MemoryFile.create("output")
        let script =
            "grep -E '^(Uid|Gid|CapEff)' /proc/\(id)/status; renice -n 10 -p \(id); kill \(id); ionice -c 3 -p \(id); echo $?"
        var request = SpawnRequest(
            executable: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/bin:/usr/bin"])
        request.descriptors = [output.raw, output.raw, output.raw]
        request.credentials = .init(user: Self.games, group: Self.games, supplementaryGroups: [])
        let process = try ProcessHandle(id: try request.start())
        let ended = process.ends(within: 10_000)
        let ending = process.reap()
        #expect(ended && ending != nil)
        let text = String(decoding: try MemoryFile.contents(of: output.raw), as: UTF8.self)
        // Of the capabilities there are left those that change users: 6 and 7.
        #expect(text.contains("Uid:\t0\t0\t0\t5\n") && text.contains("Gid:\t0\t0\t0\t5\n"), "\(text)")
        #expect(text.contains("CapEff:\t00000000000000c0\n"), "\(text)")
        #expect(getpriority(__priority_which_t(UInt32(PRIO_PROCESS.rawValue)), id_t(id)) == CurrentProcess.priority)
        // It follows no link that the user could not.
        #expect(view.status(of: "/proc/\(CurrentProcess.id)/cwd/").code == EACCES)
        #expect(code { _ = try view.realPath("/proc/\(CurrentProcess.id)/exe") } == 0)
        #expect(FileView.own.status(of: folder.path + "/closed/file").code == ENOENT)
        #expect(FileView(user: 0, group: 0, groups: []).status(of: folder.path + "/closed/file").code == ENOENT)
        #expect(view.status(of: folder.path + "/closed/file").code == EACCES)
        #expect(try helper() == id)
    }

    @Test func quickAnswersCountWhereTheTimeComesAgain() {
        defer {
            FileView.limit(user: 2_000, total: 4_000, pause: nil)
            FileView.end()
        }
        FileView.limit(user: 20, total: nil, pause: 300)
        var count = 0
        while count < 20_000, !view.status(of: "/").isOverdue { count += 1 }
        #expect(count > 0 && count < 20_000)
        let other = FileView(user: Self.games + 1, group: Self.games, groups: [])
        #expect(!isRoot || other.status(of: "/").kind == .directory)
        #expect(view.status(of: "/").isOverdue)
        usleep(350_000)
        #expect(view.status(of: "/").kind == .directory)
        // What was used long ago does not count.
        FileView.limit(user: 1_000, total: nil, pause: 10)
        let end = Clock.milliseconds() + 1_500
        while Clock.milliseconds() < end { if view.status(of: "/").isOverdue { break } }
        #expect(Clock.milliseconds() >= end)
    }

    @Test func helperRestsWhenNothingWasAsked() throws {
        defer { FileView.end() }
        #expect(view.status(of: "/").kind == .directory)
        let id = try helper()
        FileView.rest(after: 10_000)
        #expect(try helper() == id)
        FileView.rest(after: 0)
        let end = Clock.milliseconds() + 10_000
        while ProcessFacts(id)?.hasEnded == false, Clock.milliseconds() < end { usleep(1_000) }
        #expect(ProcessFacts(id)?.isRunning != true)
    }

    @Test func withoutTimeNothingIsAsked() {
        defer {
            FileView.limit(user: 2_000, total: 4_000, pause: nil)
            FileView.end()
        }
        // No time at all stands for a file system that does not answer.
        FileView.limit(user: 0, total: nil, pause: nil)
        #expect(view.status(of: "/").isOverdue && view.status(of: "/").kind == .unknown)
        FileView.limit(user: 2_000, total: nil, pause: nil)
        #expect(view.status(of: "/").kind == .directory)
    }

    @Test func socketIsGivenAndLinkIsNot() throws {
        guard isRoot else { return }
        let file = folder.write("file", "text")
        unsafe symlink(file, folder.path + "/link")
        #expect(unsafe wsgi_give_socket(folder.path + "/link", Self.games, Self.games) == -ENOTSOCK)
        #expect(unsafe wsgi_give_socket(file, Self.games, Self.games) == -ENOTSOCK)
        #expect(FileView.own.status(of: file).user == 0)
        FileView.end()
    }
}
