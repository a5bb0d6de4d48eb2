internal import WSGIConfig

/// How the head of a response is dealt with.
struct ResponsePolicy {
    /// `WSGIErrorOverride`: httpd's error documents replace what applications say about errors.
    var overridesErrors = false
    /// `WSGIEnableSendfile`.
    var usesSendfile = OnOffAuto.auto
    /// `header-buffer-size`: the most bytes of one header; 0: any.
    var longestHeader = 0
    /// `response-buffer-size`: the most bytes that wait in this process for a slow client.
    var largestBacklog = 0
    /// Whether heads come from another process, which may send anything.
    var isForeign = false
    /// `response-socket-timeout`: the most seconds that one write to the client may take; 0: as httpd's `Timeout` says.
    var clientTimeout = 0
}
