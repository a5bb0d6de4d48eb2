internal import CSystem

/// Why a successor must not take over: a script that its predecessor runs cannot be imported, or does not serve.
public struct StartFailure: Sendable {
    /// A sentence.
    public var text: String
    /// What belongs into the log: records with their identifiers, tracebacks line by line.
    public var report: [String]
    /// The script's path.
    public var script: String
    /// The time of the file whose code has failed, in microseconds since 1970; 0: unknown.
    public var modified: Int64

    /// Writes it to the process's error log, where nobody else does.
    public func log() {
        for line in report { LogTarget.process.write(WSGI_LOG_ERR, line) }
        LogTarget.process.write(WSGI_LOG_ERR, text)
    }
}
