import Glibc
import ProcessKit
import TestFolder
import Testing
import WSGICore

@testable import WSGIConfig
@testable import WSGIDeployment

/// All suites of this target, one after the other: accounts and `UserFiles` are for one thread.
@Suite(.serialized) enum DeploymentTests {}

/// Whether rights can be tested: root sees files as other users do.
let isRoot = CurrentProcess.user == 0
/// Why a test of rights is skipped.
let needsRoot: Comment = "only root can look at files with the rights of another user"
/// An account that no machine has.
let nobody = "wsgi-no-such-account"

/// A user of Debian that owns nothing here; `games` is in `/etc/passwd` everywhere.
struct Games {
    static let user: UInt32 = 5
    static let group: UInt32 = 60
    /// Made anew each time, as it knows answers about files.
    static var identity: Identity { Identity(user: user, group: group, groups: [group, 1], name: "user 'games'") }
}

/// A folder, and answers about files that are forgotten at the end.
final class Ground {
    let folder: Folder

    init() throws {
        folder = try Folder()
        UserFiles.forget()
    }

    deinit {
        UserFiles.forget()
        FileView.limit(user: 2_000, total: 4_000, pause: nil)
    }

    var path: String { folder.path }

    /// A text in which `$/` stands for the folder.
    func expand(_ text: String) -> String { text.replacing("$/", with: path + "/") }
}

extension String {
    /// The text with every `old` replaced.
    func replacing(_ old: String, with new: String) -> String {
        var (rest, result) = (self[...], "")
        while let place = rest.indices.first(where: { rest[$0...].hasPrefix(old) }) {
            result += rest[..<place] + new
            rest = rest[place...].dropFirst(old.count)
        }
        return result + rest
    }
}

/// The error of `body`; nil: there is none.
func resolutionError<Value>(_ body: () throws(ResolutionError) -> Value) -> ResolutionError? {
    do throws(ResolutionError) {
        _ = try body()
        return nil
    } catch { return error }
}
