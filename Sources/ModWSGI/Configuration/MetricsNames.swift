internal import CHTTPD
internal import ProcessKit

/// The numbers by which counters know process groups and virtual hosts. A name keeps its number over restarts.
///
/// Written by the parent while it reads the configuration; children inherit it.
enum MetricsNames {
    /// The names of one kind.
    struct Names {
        /// All names that were ever used, by their numbers.
        private(set) var all: [String] = []
        private var numbers: [String: UInt32] = [:]

        /// The number of a name. All names beyond the maximum have the last number.
        mutating func number(of name: String) -> UInt32 {
            if let known = numbers[name] { return known }
            guard all.count < RequestMetrics.mostNames else { return UInt32(RequestMetrics.mostNames) }
            numbers[name] = UInt32(all.count)
            all.append(name)
            return UInt32(all.count - 1)
        }

        /// The name with this number.
        func name(_ number: UInt32) -> String? { Int(number) < all.count ? all[Int(number)] : nil }
    }

    /// The process groups. Number 0 is embedded mode, number 1 stands for requests that were rejected before their
    /// group was known.
    @safe nonisolated(unsafe) static var groups: Names = {
        var names = Names()
        _ = names.number(of: "%{GLOBAL}")
        _ = names.number(of: "")
        return names
    }()
    /// The virtual hosts, as `name:port`.
    @safe nonisolated(unsafe) static var hosts = Names()

    /// The number of embedded mode.
    static let embedded: UInt32 = 0
    /// The number for requests without a group.
    static let unknown: UInt32 = 1

    /// The number of a server.
    static func number(of server: Server) -> UInt32 {
        let name = unsafe string(server.pointee.server_hostname)
        // A virtual host has the port of its address, the main server that of its ServerName.
        let addressed = unsafe server.pointee.is_virtual != 0 ? server.pointee.addrs?.pointee.host_port ?? 0 : 0
        let port = unsafe addressed != 0 ? UInt16(addressed) : UInt16(server.pointee.port)
        return hosts.number(of: port != 0 ? "\(name):\(port)" : name)
    }
}
