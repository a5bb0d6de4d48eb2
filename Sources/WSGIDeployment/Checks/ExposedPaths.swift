internal import Glibc
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore

/// Paths that somebody can change who does not start httpd.
enum ExposedPaths {
    /// The directories that a path leads through, from the root.
    static func directories(above path: String) -> [String] {
        let parts = path.split(separator: "/").dropLast().map(String.init)
        return ["/"] + parts.indices.map { "/" + parts[...$0].joined(separator: "/") }
    }

    /// The first of these files that belongs to another user than root and the one who starts httpd, or whose entries
    /// everybody can replace.
    static func first(on paths: [String]) -> String? {
        UserFiles.own.prepare(paths)
        return paths.first { isExposed(UserFiles.own.status(of: $0)) }
    }

    private static func isExposed(_ status: FileStatus) -> Bool {
        guard status.code == 0 else { return false }
        // In a directory like /tmp only its owner can replace a file.
        let isOpen = status.mode & 0o022 != 0 && status.mode & UInt32(S_ISVTX) == 0
        return isOpen || status.user != 0 && status.user != CurrentProcess.user
    }
}

extension Finding {
    /// A process group cannot run: an error, so that `apachectl`, certbot and others do not reload httpd. But for a path
    /// that a site's user can change: that user could keep the whole server from being reloaded.
    static func unusable(
        _ id: LogID, at location: SourceLocation?, _ text: String, about paths: [String]
    ) -> Finding {
        let told = "\(text) The group will answer 503."
        let files = UserFiles.own
        for path in paths.flatMap({ [$0, files.realPath($0)].compactMap { $0 } }) {
            let parts = ExposedPaths.directories(above: path) + [path]
            // A site's user can also make a file system that does not answer.
            if parts.contains(where: { files.status(of: $0).isOverdue }) { return Finding(id, at: location, told) }
            guard let exposed = ExposedPaths.first(on: parts) else { continue }
            let owner = PathAccess.owner(of: files.status(of: exposed))
            return Finding(
                id, at: location,
                "\(told) This is a warning only and does not keep httpd from being reloaded, because users other than root "
                    + "can change '\(exposed)' (owner \(owner)).")
        }
        return Finding(id, .error, at: location, told)
    }
}
