internal import WSGIConfig

extension ResponsePolicy {
    /// The policy for a response of a process group with these settings.
    func limited(by settings: GroupSettings) -> ResponsePolicy {
        var policy = self
        policy.isForeign = true
        policy.longestHeader = settings.longestHeader
        policy.largestBacklog = settings.largestBacklog
        policy.clientTimeout = settings.clientTimeout
        return policy
    }
}
