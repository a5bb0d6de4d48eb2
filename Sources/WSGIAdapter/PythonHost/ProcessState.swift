internal import CEngineABI
internal import WSGICore

/// What is true of the process: written once by `start`, before any other thread comes in, and read ever after.
@safe struct ProcessState {
    let spec: ProcessSpec
    let host: UnsafePointer<wsgi_host>
    /// A daemon process, not an httpd child.
    let isDaemon: Bool
    /// A daemon process that serves no requests: its scripts are its work.
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
