internal import Glibc
internal import ProcessKit

/// A user of this machine, for checks of file access.
struct Identity {
    /// The user id.
    let user: UInt32
    /// The primary group.
    let group: UInt32
    /// All group ids.
    let groups: [UInt32]
    /// The name in messages, such as `user 'www-data'`.
    let name: String
    /// The files that the user sees.
    let files: UserFiles

    /// Describes a user.
    init(user: UInt32, group: UInt32, groups: [UInt32], name: String) {
        self.user = user
        self.group = group
        self.groups = groups
        self.name = name
        files = UserFiles(user: user, group: group, groups: groups)
    }
}

/// Checks whether a user may use a path; if not, returns the obstacle and the remedy.
enum PathAccess {
    /// The kind of access to a path.
    enum Purpose: Int32 {
        /// A working directory, a directory in which files of known names are looked up, or a program to run.
        case enter = 1
        /// A file whose contents are needed, or a directory that is listed.
        case read = 4
    }

    /// The obstacle.
    enum Denial {
        /// The path, or a directory on the way to it, does not exist.
        case missing(String)
        /// A component denies access; the text names it, its mode and owner, and the remedy.
        case closed(String)
    }

    /// Checks with the kernel, with the rights of `identity` if this process can take them, otherwise with its own.
    ///
    /// - Returns: `nil` if there is no obstacle, or if the result is not known.
    static func denial(_ path: String, _ purpose: Purpose, for identity: Identity) -> Denial? {
        let status = identity.files.access(path, purpose.rawValue)
        guard status.code != 0, status.deniedLength > 0 else { return nil }
        let part = String(decoding: Array(path.utf8).prefix(status.deniedLength), as: UTF8.self)
        switch status.code {
        case ENOENT, ENOTDIR: return .missing(part)
        case EACCES, EPERM:
            guard isSelf(identity) else { return nil }
            return .closed(explanation(of: part, status, isWhole: part == path, purpose, identity))
        default: return nil
        }
    }

    /// The reason why a user cannot use a path; `nil` if it can, or if the path does not exist.
    static func closed(_ path: String, _ purpose: Purpose, for identity: Identity) -> String? {
        guard case .closed(let reason) = denial(path, purpose, for: identity) else { return nil }
        return reason
    }

    /// Whether this process has the rights of `identity` or can take them. False if an ordinary user tests the
    /// configuration of an httpd that is started by root.
    static func isSelf(_ identity: Identity) -> Bool {
        let user = CurrentProcess.user
        return user == 0 || identity.user == user || identity.user == UInt32.max
    }

    private static func explanation(
        of part: String, _ status: FileStatus, isWhole: Bool, _ purpose: Purpose, _ identity: Identity
    ) -> String {
        guard status.mode != 0 else { return "\(identity.name) may not use '\(part)'" }
        let isDirectory = status.mode & S_IFMT == S_IFDIR
        let (letter, shift, verb): (String, UInt32, String) =
            isWhole && purpose == .read
            ? ("r", 2, isDirectory ? "list" : "read") : ("x", 0, isDirectory ? "enter" : "execute")
        let mode = "0" + String(status.mode & 0o7777, radix: 8)
        let what = "\(identity.name) may not \(verb) '\(part)' (mode \(mode), owner \(owner(of: status)))"
        let (who, bits): (String, UInt32) =
            status.user == identity.user
            ? ("u", 6) : identity.groups.contains(status.group) ? ("g", 3) : ("o", 0)
        guard status.mode & (1 << (bits + shift)) == 0 else {
            return "\(what), although the mode allows it: check its access list (getfacl), SELinux and AppArmor"
        }
        // Do not suggest to open root's home directory.
        guard part != "/root" else { return "\(what): move the required files elsewhere, such as below /srv" }
        let path = quoted(part)
        guard who == "o" else { return "\(what); to allow it: chmod \(who)+\(letter) \(path)" }
        // Another group that has access may need it: httpd's user and that of a group often use the same directory.
        guard status.group == 0 || status.mode & (1 << (3 + shift)) == 0 else {
            return "\(what); to allow it: chmod o+\(letter) \(path)"
        }
        return "\(what); to allow it: chgrp \(name(ofGroup: identity.group)) \(path) && chmod g+\(letter) \(path), "
            + "or for all users: chmod o+\(letter) \(path)"
    }

    /// A path, quoted for a shell: an untrusted user may have chosen it.
    private static func quoted(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard !isPlain else { return path }
        return "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// Owner and group by name.
    static func owner(of status: FileStatus) -> String {
        let user = unsafe getpwuid(status.user).map { unsafe String(cString: $0.pointee.pw_name) }
        return "\(user ?? String(status.user)):\(name(ofGroup: status.group))"
    }

    private static func name(ofGroup group: UInt32) -> String {
        unsafe getgrgid(group).map { unsafe String(cString: $0.pointee.gr_name) } ?? String(group)
    }
}

extension UserFiles {
    /// The first part of `path` that a user may not enter, with its mode; `nil` if there is none or it is not known.
    public func closedDirectory(on path: String) -> (path: String, mode: UInt32)? {
        let status = access(directory(of: path), PathAccess.Purpose.enter.rawValue)
        guard status.code != 0, !status.isOverdue, status.deniedLength > 0 else { return nil }
        return (String(decoding: path.utf8.prefix(status.deniedLength), as: UTF8.self), status.mode & 0o7777)
    }
}
