internal import Glibc
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore

/// Paths that users other than the one that starts httpd can change.
enum ExposedPaths {
    /// The directories that a path leads through, from the root.
    static func directories(above path: String) -> [String] {
        let parts = path.split(separator: "/").dropLast().map(String.init)
        return ["/"] + parts.indices.map { "/" + parts[...$0].joined(separator: "/") }
    }

    /// The first of these files that belongs neither to root nor to the user that starts httpd, or whose entries all
    /// users can replace.
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
    /// A finding about a process group that cannot run. It is an error, so that `apachectl`, certbot and others do not
    /// reload httpd, except for paths that a site's user can change: that user could block reloads of the whole server.
    static func unusable(
        _ id: LogID, at location: SourceLocation?, _ text: String, about paths: [String]
    ) -> Finding {
        let explained = "\(text) The group will answer 503."
        let files = UserFiles.own
        for path in paths.flatMap({ [$0, files.realPath($0)].compactMap { $0 } }) {
            let parts = ExposedPaths.directories(above: path) + [path]
            // A site's user can also provide a file system that does not answer.
            if parts.contains(where: { files.status(of: $0).isOverdue }) { return Finding(id, at: location, explained) }
            guard let exposed = ExposedPaths.first(on: parts) else { continue }
            let owner = PathAccess.owner(of: files.status(of: exposed))
            return Finding(
                id, at: location,
                "\(explained) This is only a warning and does not prevent a reload of httpd, because users other than root "
                    + "can change '\(exposed)' (owner \(owner)).")
        }
        return Finding(id, .error, at: location, explained)
    }
}
