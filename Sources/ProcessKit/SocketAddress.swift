internal import Glibc

/// The address of a UNIX socket.
@safe public struct SocketAddress: Sendable {
    private var address = sockaddr_un()

    /// The longest path, without the final NUL.
    public static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// The address of `path`; `nil`: the path is too long for the system.
    public init?(path: String) {
        var path = path
        guard path.utf8.count <= Self.longestPath else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            path.withUTF8 { unsafe room.copyBytes(from: $0) }
        }
    }

    /// Connects a socket; the reason for `false` is in `errno`.
    public func connect(_ descriptor: Int32) -> Bool {
        unsafe call { unsafe Glibc.connect(descriptor, $0, $1) }
    }

    /// Gives a socket this address; the reason for `false` is in `errno`.
    public func bind(_ descriptor: Int32) -> Bool {
        unsafe call { unsafe Glibc.bind(descriptor, $0, $1) }
    }

    private func call(_ function: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Bool {
        unsafe withUnsafePointer(to: address) { typed in
            unsafe typed.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                var result: Int32
                repeat {
                    result = unsafe function(raw, socklen_t(MemoryLayout<sockaddr_un>.size))
                } while result < 0 && errno == EINTR
                return result == 0
            }
        }
    }
}
