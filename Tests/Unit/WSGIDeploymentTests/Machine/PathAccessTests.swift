import Glibc
import ProcessKit
import TestFolder
import Testing

@testable import WSGIDeployment

extension DeploymentTests {
    struct PathAccessTests {
        private let ground: Ground
        private var own: Identity { Identity(user: CurrentProcess.user, group: 0, groups: [0], name: "user 'x'") }

        init() throws { ground = try Ground() }

        @Test func whatIsMissingIsNamed() {
            ground.folder.write("file")
            func missing(_ name: String) -> String? {
                guard case .missing(let part) = PathAccess.denial(ground.folder.at(name), .enter, for: own) else {
                    return nil
                }
                return String(part.dropFirst(ground.path.count + 1))
            }
            #expect(missing("absent") == "absent" && missing("absent/deep/er") == "absent")
            #expect(PathAccess.denial(ground.path, .enter, for: own) == nil)
            #expect(PathAccess.denial(ground.folder.at("file"), .read, for: own) == nil)
            #expect(PathAccess.closed(ground.folder.at("absent"), .read, for: own) == nil)
        }

        /// Owner, group and mode of `closed`; what is asked; the explanation.
        @Test(
            .enabled(if: isRoot, needsRoot),
            arguments: [
                (
                    0, 0, 0o700, "closed/file", PathAccess.Purpose.read, "enter", "0700",
                    "chgrp games $ && chmod g+x $, or for all users: chmod o+x $"
                ),
                (
                    0, 0, 0o713, "closed", .read, "list", "0713",
                    "chgrp games $ && chmod g+r $, or for all users: chmod o+r $"
                ),
                // The group that has access keeps it.
                (0, 33, 0o710, "closed/file", .read, "enter", "0710", "chmod o+x $"),
                (Games.user, 0, 0o077, "closed", .enter, "enter", "077", "chmod u+x $"),
                (0, Games.group, 0o707, "closed", .enter, "enter", "0707", "chmod g+x $"),
                (0, 1, 0o717, "closed", .read, "list", "0717", "chmod g+r $"),
            ] as [(UInt32, UInt32, UInt32, String, PathAccess.Purpose, String, String, String)])
        func closedDirectoryIsExplained(
            user: UInt32, group: UInt32, mode: UInt32, name: String, purpose: PathAccess.Purpose, verb: String,
            shown: String, remedy: String
        ) {
            let path = ground.folder.at("closed")
            ground.folder.write("closed/file")
            ground.folder.setOwner("closed", user: user, group: group)
            ground.folder.setMode("closed", mode)
            let owner = "\(Accounts.name(of: user)):\(Accounts.groupName(of: group))"
            let remedy = remedy.split(separator: "$", omittingEmptySubsequences: false).joined(separator: path)
            #expect(
                PathAccess.closed(ground.folder.at(name), purpose, for: Games.identity)
                    == "user 'games' may not \(verb) '\(path)' (mode \(shown), owner \(owner)); to allow it: \(remedy)")
        }

        @Test(
            .enabled(if: isRoot, needsRoot),
            arguments: [(PathAccess.Purpose.read, "read", "r"), (.enter, "execute", "x")])
        func closedFileIsExplained(purpose: PathAccess.Purpose, verb: String, letter: String) {
            let file = ground.folder.write("it's", mode: 0o600)
            let word = "'\(ground.path)/it'\\''s'"
            #expect(
                PathAccess.closed(file, purpose, for: Games.identity)
                    == "user 'games' may not \(verb) '\(file)' (mode 0600, owner root:root); to allow it: chgrp games \(word) "
                    + "&& chmod g+\(letter) \(word), or for all users: chmod o+\(letter) \(word)")
            ground.folder.setMode("it's", 0o755)
            UserFiles.forget()
            #expect(PathAccess.closed(file, purpose, for: Games.identity) == nil)
        }

        @Test(.enabled(if: isRoot, needsRoot)) func firstClosedDirectoryIsFound() {
            let file = ground.folder.write("closed/inner/file")
            #expect(Games.identity.files.closedDirectory(on: file) == nil)
            ground.folder.setMode("closed", 0o750)
            UserFiles.forget()
            let closed = Games.identity.files.closedDirectory(on: file)
            #expect(closed?.path == ground.folder.at("closed") && closed?.mode == 0o750)
        }

        /// What only root could know is not said.
        @Test func rightsOfAnotherUserAreRootsToTell() {
            func isSelf(_ user: UInt32) -> Bool {
                PathAccess.isSelf(Identity(user: user, group: 0, groups: [], name: ""))
            }
            #expect(isSelf(CurrentProcess.user) && isSelf(UInt32.max))
            #expect(isSelf(CurrentProcess.user + 1) == isRoot)
        }

        @Test func ownerIsNamed() {
            #expect(PathAccess.owner(of: UserFiles.own.status(of: "/")) == "root:root")
        }
    }
}
