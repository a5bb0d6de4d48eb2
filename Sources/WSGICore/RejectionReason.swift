/// Why a request ends without a response of its application, as metrics count it. The raw values are places of counters.
public enum RejectionReason: UInt32, CaseIterable, Sendable {
    /// All threads of the group are busy, and the request could not be served in time.
    case overload = 0
    /// No thread became free within `queue-timeout`.
    case queueTimeout = 1
    /// No process of the group runs, or none can be reached.
    case unavailable = 2
    /// The client disconnected while its request waited.
    case clientGone = 3
    /// The request is nested in one that holds a thread.
    case nested = 4
    /// The process did not respond within `socket-timeout`, or no thread became free within it.
    case timeout = 5
    /// The process ended while it ran the request.
    case processLost = 6
    /// The process violated the protocol.
    case invalidResponse = 7
    /// The response was broken off.
    case brokenResponse = 8
    /// The processes are being replaced all the time.
    case replacements = 9
    /// The request is invalid, or its body could not be read.
    case invalidRequest = 10
    /// The script is missing or may not be run.
    case script = 11
    /// The script belongs to another owner.
    case ownership = 12
    /// The configuration does not allow the request.
    case configuration = 13
    /// Python could not be started in httpd.
    case embeddedUnavailable = 14
    /// Another reason.
    case other = 15

    /// The reason that a record of this id gives.
    public init(_ id: LogID) {
        self =
            switch id {
            case .queueFull: .overload
            case .queueTimeout: .queueTimeout
            case .connectFailed: .unavailable
            case .clientGone: .clientGone
            case .nestedRequest: .nested
            case .responseTimeout: .timeout
            case .workerGone, .workerReadFailed: .processLost
            case .responseMalformed, .headerTooLong: .invalidResponse
            case .responseBroken: .brokenResponse
            case .reloadRejections: .replacements
            case .bodyFailed, .transferEncodingRejected, .contentLengthInvalid, .bodyTooLarge: .invalidRequest
            case .execDenied, .scriptMissing, .scriptIsDirectory, .pathInfoRejected: .script
            case .scriptUnexamined, .scriptOfOtherUser, .scriptOfOtherGroup, .scriptGroupWritable,
                .scriptWorldWritable, .scriptDirectoryUnexamined, .scriptDirectoryOfOtherUser,
                .scriptDirectoryOfOtherGroup, .scriptDirectoryGroupWritable, .scriptDirectoryWorldWritable:
                .ownership
            case .groupUnknown, .groupOfOtherHost, .processGroupNotAllowed, .embeddedRestricted, .serviceGroup,
                .scriptOutsideRoot:
                .configuration
            case .embeddedUnavailable: .embeddedUnavailable
            default: .other
            }
    }

    /// The value of the label `reason`.
    public var name: String {
        switch self {
        case .overload: "overload"
        case .queueTimeout: "queue_timeout"
        case .unavailable: "unavailable"
        case .clientGone: "client_gone"
        case .nested: "nested"
        case .timeout: "timeout"
        case .processLost: "process_lost"
        case .invalidResponse: "invalid_response"
        case .brokenResponse: "broken_response"
        case .replacements: "replacements"
        case .invalidRequest: "invalid_request"
        case .script: "script"
        case .ownership: "ownership"
        case .configuration: "configuration"
        case .embeddedUnavailable: "embedded_unavailable"
        case .other: "other"
        }
    }
}
