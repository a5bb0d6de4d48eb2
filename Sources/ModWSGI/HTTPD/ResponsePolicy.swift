internal import WSGIConfig

/// Settings for the head and the transfer of a response.
struct ResponsePolicy {
    /// `WSGIErrorOverride`: httpd's error documents replace the error pages of applications.
    var overridesErrors = false
    /// `WSGIEnableSendfile`.
    var usesSendfile = OnOffAuto.auto
    /// `header-buffer-size`: maximum length of one header in bytes; 0: no limit.
    var longestHeader = 0
    /// `response-buffer-size`: maximum number of bytes that this process keeps for a slow client.
    var largestBacklog = 0
    /// Whether heads come from another process, which may send invalid data.
    var isForeign = false
    /// `response-socket-timeout`: maximum time of one write to the client in seconds; 0: httpd's `Timeout`.
    var clientTimeout = 0
}
