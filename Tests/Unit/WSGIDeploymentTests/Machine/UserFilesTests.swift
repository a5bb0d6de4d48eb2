import Glibc
import ProcessKit
import TestFolder
import Testing

@testable import WSGIDeployment

extension DeploymentTests {
    struct UserFilesTests {
        private let ground: Ground
        private var files: UserFiles { .own }
        private var games: UserFiles { Games.identity.files }

        init() throws { ground = try Ground() }

        @Test func kindsOfFiles() {
            let folder = ground.folder
            folder.write("file", "text")
            folder.link("link", to: "file")
            folder.link("dangling", to: "nowhere")
            folder.makeDirectory("directory")
            /// Missing, there, a directory, a file, a link.
            func answers(_ name: String) -> [Bool] {
                let path = folder.at(name)
                return [
                    files.isMissing(path), files.exists(path), files.isDirectory(path), files.isFile(path),
                    files.isLink(path),
                ]
            }
            #expect(answers("file") == [false, true, false, true, false])
            #expect(answers("link") == [false, true, false, true, true])
            #expect(answers("dangling") == [true, false, false, false, true])
            #expect(answers("directory") == [false, true, true, false, false])
            #expect(answers("absent") == [true, false, false, false, false])
            #expect(answers("file/below") == [true, false, false, false, false])
            #expect(files.realPath(folder.at("link")) == folder.at("file"))
            #expect(files.realPath(folder.at("absent")) == nil)
            #expect(files.text(of: folder.at("link")) == "text" && files.text(of: folder.at("absent")) == nil)
            #expect(Set(files.names(in: folder.path, atMost: 9)) == ["file", "link", "dangling", "directory"])
            #expect(files.names(in: folder.at("absent"), atMost: 9).isEmpty)
        }

        /// Many sites name the same files: each is asked about once.
        @Test func answersAreKeptUntilTheyAreForgotten() {
            let path = ground.folder.at("late")
            let kept = UserFiles.own
            #expect(kept.isMissing(path) && kept.access(path, R_OK).code == ENOENT && !kept.isLink(path))
            #expect(kept.realPath(path) == nil && kept.text(of: path) == nil)
            ground.folder.write("late", "text")
            for files in [kept, UserFiles.own] {
                #expect(files.isMissing(path) && files.access(path, R_OK).code == ENOENT)
                #expect(files.realPath(path) == nil && files.text(of: path) == nil)
            }
            UserFiles.forget()
            let fresh = UserFiles.own
            #expect(fresh.isFile(path) && fresh.access(path, R_OK).code == 0)
            #expect(fresh.realPath(path) == path && fresh.text(of: path) == "text")
        }

        @Test func manyAreAskedAboutAhead() {
            let there = (0..<100).map { ground.folder.write("\($0)") }
            let absent = ground.folder.at("absent")
            files.prepare(there + [absent, absent])
            files.prepare(there, access: R_OK)
            _ = unsafe system("rm \(ground.path)/*")
            ground.folder.write("absent")
            #expect(there.allSatisfy { files.exists($0) && files.access($0, R_OK).code == 0 })
            #expect(files.isMissing(absent))
            // Only what was asked is known.
            #expect(there.allSatisfy { files.access($0, W_OK).code == ENOENT })
        }

        @Test(.enabled(if: isRoot, needsRoot)) func anotherUserSeesOtherFiles() {
            let folder = ground.folder
            let file = folder.write("closed/file", "text")
            folder.setMode("closed", 0o700)
            #expect(files.exists(file) && files.text(of: file) == "text" && files.access(file, R_OK).code == 0)
            // Out of reach is not missing.
            #expect(!games.exists(file) && !games.isMissing(file) && games.status(of: file).kind == .unknown)
            #expect(games.text(of: file) == nil && games.names(in: folder.at("closed"), atMost: 9).isEmpty)
            let denied = games.access(file, R_OK)
            #expect(denied.code == EACCES && denied.deniedLength == folder.at("closed").utf8.count)
            UserFiles.forget()
            folder.setOwner("closed", user: Games.user, group: 0)
            #expect(games.text(of: file) == "text")
        }

        @Test(.enabled(if: isRoot, needsRoot)) func secretOfRootIsRead() throws {
            let file = ground.folder.write("site/secret", "text", mode: 0o600)
            #expect(try games.secret(of: file, atMost: 4) == Array("text".utf8))
            #expect(games.text(of: file) == nil)
            ground.folder.setOwner("site", user: 1, group: 1)
            #expect(throws: SystemError.self) { try games.secret(of: file, atMost: 4) }
        }

        @Test func fileThatDoesNotAnswerIsRemembered() {
            #expect(UserFiles.overdue.isEmpty)
            let files = UserFiles.own
            FileView.limit(user: 0, total: nil, pause: nil)
            #expect(files.status(of: "/one").isOverdue && files.text(of: "/two") == nil)
            #expect(UserFiles.overdue == ["/one"])
            UserFiles.forget()
            #expect(UserFiles.overdue.isEmpty)
            #expect(UserFiles.own.text(of: "/etc/passwd") != nil)
        }

        @Test func fileOfTheInstallationIsReadToItsEnd() throws {
            let file = ground.folder.write("file", "first\nsecond\n")
            #expect(try contentsOfFile(file, atMost: 13) == Array("first\nsecond\n".utf8))
            #expect(throws: SystemError.self) { try contentsOfFile(file, atMost: 12) }
            #expect(throws: SystemError.self) { try contentsOfFile(ground.path, atMost: 12) }
            #expect(throws: SystemError.self) { try contentsOfFile("/dev/null", atMost: 12) }
            // Its size is not known ahead.
            #expect(throws: SystemError.self) { try contentsOfFile("/proc/self/status", atMost: 12) }
            #expect(firstLine(of: file) == "first")
            #expect(firstLine(of: ground.folder.write("empty")) == nil && firstLine(of: ground.path) == nil)
        }

        @Test(arguments: [
            ("/usr/bin/python3", "/usr/bin"), ("/usr", "/"), ("/", "/"), ("name", "/"), ("/usr/", "/usr"),
        ])
        func directoryOfAPath(path: String, expected: String) { #expect(directory(of: path) == expected) }
    }
}
