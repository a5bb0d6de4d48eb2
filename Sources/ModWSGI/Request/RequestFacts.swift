internal import WSGIConfig
internal import WSGIWire

/// Decisions about a request that the encoder and the handlers need in addition to httpd's request record.
///
/// All bytes are borrowed from httpd's memory or from the request's scratch memory.
@safe struct RequestFacts {
    /// The server that the request is for.
    let server: ServerConfig
    /// The settings that apply to it.
    let effective: DirectoryConfig
    /// The file with the code: the WSGI script, or the handler script.
    var script: UnsafeRawBufferPointer
    /// The handler script; empty if the requested file is itself the script.
    var handlerScript = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    /// The worker's root directory, which is removed from the paths that it receives. Empty: paths are unchanged.
    var root = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    /// The process group; empty: embedded.
    var processGroup = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    /// The application group.
    var applicationGroup = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    /// The name of the callable in the script.
    var callableObject = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    /// When the script was modified, in microseconds since 1970; 0: not compared.
    var scriptModified: Int64 = 0
    /// When the request was ready for a worker; 0 in embedded mode.
    var queueStart: Int64 = 0
    /// Whether the application sees the Authorization header.
    var passesAuthorization = false
    /// Whether the application sees HEAD as GET.
    var mapsHeadToGet = false
    /// Facts of one bit each.
    var flags: RequestHead.Flags = []
    /// The declared length of the body, or -1.
    var contentLength: Int64 = -1

    init(_ server: ServerConfig, _ effective: DirectoryConfig, script: UnsafeRawBufferPointer) {
        self.server = server
        self.effective = effective
        unsafe self.script = script
    }
}

extension ResponsePolicy {
    /// The policy according to the settings of a request.
    init(_ facts: borrowing RequestFacts) {
        overridesErrors = facts.effective.settings.errorOverride
        usesSendfile = facts.effective.settings.enableSendfile
    }
}
