internal import WSGIConfig

/// The settings that apply to a response.
struct ResponsePolicy {
    /// `WSGIErrorOverride`: httpd's error documents replace the error responses of applications.
    var overridesErrors = false
    /// `WSGIEnableSendfile`.
    var usesSendfile = OnOffAuto.auto
    /// `header-buffer-size`: the maximum size of one header in bytes. 0: no limit.
    var longestHeader = 0
    /// `response-buffer-size`: the maximum number of bytes that this process keeps for a slow client.
    var largestBacklog = 0
    /// Whether heads come from another process and must be checked.
    var isForeign = false
    /// `response-socket-timeout`: the maximum duration of one write to the client in seconds. 0: httpd's `Timeout`.
    var clientTimeout = 0
}
