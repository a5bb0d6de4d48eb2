public import WSGIConfig

extension DaemonOptions {
    /// The directory that becomes the processes' root, without a slash at its end; empty: none.
    public var root: String {
        var root = chroot ?? ""
        while root.hasSuffix("/") { root.removeLast() }
        return root
    }
}
