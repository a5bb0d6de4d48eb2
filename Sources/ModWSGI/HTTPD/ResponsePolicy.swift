internal import WSGIConfig

/// How the head of a response is dealt with.
struct ResponsePolicy {
    /// `WSGIErrorOverride`: httpd's error documents replace what applications say about errors.
    var overridesErrors = false
    /// `WSGIEnableSendfile`.
    var usesSendfile = false
    /// `header-buffer-size`: the most bytes of one header; 0: any.
    var longestHeader = 0
    /// `response-buffer-size`: the most bytes that wait in this process for a slow client.
    var largestBacklog = 0

    init(_ facts: borrowing RequestFacts, longestHeader: Int = 0, largestBacklog: Int = 0) {
        overridesErrors = facts.effective.settings.errorOverride
        usesSendfile = facts.effective.settings.enableSendfile
        self.longestHeader = longestHeader
        self.largestBacklog = largestBacklog
    }
}
