internal import CSystem
internal import Glibc

/// A set of descriptors to wait for (epoll). Any number of threads may wait. Each event wakes one of them.
public struct Poller: ~Copyable, Sendable {
    /// The events to wait for, or that have occurred.
    public struct Interest: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt32
        /// A set of these bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// There are bytes to read, or the other end has closed.
        public static let readable = Interest(rawValue: 1)
        /// There is space to write.
        public static let writable = Interest(rawValue: 2)
        /// Only one event is reported until the next `change`.
        public static let once = Interest(rawValue: 4)
        /// The next input, once. A connection waits for it between requests.
        public static var nextInput: Interest { Interest(rawValue: 5) }
        /// The other end is closed. Always reported.
        public static let hangup = Interest(rawValue: 8)
    }

    /// How a wait ended.
    public enum Event {
        /// An event of the descriptor with this token.
        case ready(token: UInt64, Interest)
        /// The time has expired.
        case timeout
        /// A signal arrived.
        case interrupted
        /// The set can no longer be waited for.
        case broken
    }

    private let descriptor: Descriptor

    /// The descriptor's number.
    public var raw: Int32 { descriptor.raw }

    /// An empty set.
    public init() throws(SystemError) {
        descriptor = Descriptor(adopting: try check(wsgi_epoll_create(), "epoll_create1"))
    }

    /// Adds a descriptor.
    public func add(_ raw: Int32, _ interest: Interest, token: UInt64) throws(SystemError) {
        try check(wsgi_epoll_control(descriptor.raw, 1, raw, interest.rawValue, token), "epoll_ctl")
    }

    /// Removes a descriptor. Ignored if it is not in the set.
    public func remove(_ raw: Int32) { _ = wsgi_epoll_control(descriptor.raw, 2, raw, 0, 0) }

    /// Changes the events to wait for, or arms a `once` descriptor again. Returns false if it is not in the set.
    @discardableResult
    public func change(_ raw: Int32, _ interest: Interest, token: UInt64) -> Bool {
        wsgi_epoll_control(descriptor.raw, 3, raw, interest.rawValue, token) == 0
    }

    /// Waits for one event, at most `milliseconds`; negative: no limit.
    public func wait(milliseconds: Int32 = -1) -> Event {
        var token: UInt64 = 0
        var ready: UInt32 = 0
        switch unsafe wsgi_epoll_wait(descriptor.raw, milliseconds, &token, &ready) {
        case 1: return .ready(token: token, Interest(rawValue: ready))
        case 0: return .timeout
        case -EINTR: return .interrupted
        default: return .broken
        }
    }
}
