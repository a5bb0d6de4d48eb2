internal import CEngineABI
internal import WSGICore

/// Facts about the process: written once by `start`, before other threads run, and only read afterwards.
@safe struct ProcessState {
    let spec: ProcessSpec
    let host: UnsafePointer<wsgi_host>
    /// Whether this is a daemon process, not an httpd child.
    let isDaemon: Bool
    /// Whether this is a daemon process that serves no requests and only runs its scripts.
    var isService: Bool { spec.worker?.threads == 0 }

    /// The process's state; `nil` before `start`.
    nonisolated(unsafe) static var current: UnsafeMutablePointer<ProcessState>?

    /// Makes the state of this process.
    static func begin(_ spec: ProcessSpec, host: UnsafePointer<wsgi_host>) {
        let state = UnsafeMutablePointer<ProcessState>.allocate(capacity: 1)
        unsafe state.initialize(to: ProcessState(spec: spec, host: host, isDaemon: spec.worker != nil))
        unsafe current = state
    }
}
