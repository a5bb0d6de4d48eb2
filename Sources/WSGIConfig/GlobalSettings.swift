/// Settings of the whole server; they can be written in the main server only.
public struct GlobalSettings: Equatable, Sendable {
    /// The Python installation or virtual environment to use where a group names none; `nil`: the default one.
    public var pythonHome: String?
    /// Directories for `site.addsitedir` of embedded interpreters.
    public var pythonPath: [String] = []
    /// The prefix of socket paths, as written; `nil`: in httpd's runtime directory.
    public var socketPrefix: String?
    /// Whether requests are refused that would be served embedded in an httpd child.
    public var restrictEmbedded = false

    /// Settings with every value at its default.
    public init() {}
}
