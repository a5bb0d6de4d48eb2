internal import CHTTPD
internal import Glibc
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore
internal import WSGIDeployment

/// Reports what `ConfigCheck` finds in the configuration that httpd has just read.
enum ConfigReport {
    /// Prints findings on the console, as part of `apachectl configtest`. Returns whether all groups can run.
    static func printFindings(main: Server) -> Bool {
        defer { UserFiles.forget() }
        let findings = unsafe facts(main).map { ConfigCheck.findings($0, atStart: false) } ?? []
        for finding in findings { unsafe chttpd_log_startup(level(of: finding).rawValue, finding.line) }
        let errors = findings.filter { $0.weight == .error }.count
        guard errors > 0 else { return true }
        let subject = errors == 1 ? "mod_wsgi found 1 error" : "mod_wsgi found \(errors) errors"
        unsafe chttpd_log_startup(
            LogLevel.error.rawValue,
            "\(subject): a process group cannot run with this configuration. httpd would start, but answer the group's "
                + "requests with 503. After a graceful restart the group's former processes would continue to serve.")
        return false
    }

    /// Writes findings to the error log, when httpd starts.
    static func log(main: Server) {
        for finding in unsafe facts(main).map({ ConfigCheck.findings($0, atStart: true) }) ?? [] {
            unsafe Log.server(main, level(of: finding), nil, finding.line)
        }
    }

    /// Prints the configuration to standard output, as part of `apachectl -t -D DUMP_WSGI`.
    static func printDump(main: Server) {
        defer { UserFiles.forget() }
        guard let facts = unsafe facts(main) else { return }
        // Not through stdio, because httpd's own dumps bypass the buffers of stdio.
        var bytes = Array(ConfigDump(facts).text.utf8)[...]
        while !bytes.isEmpty {
            let written = unsafe bytes.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }

    /// The process groups that serve a single application, if the configuration has `%{AUTO}` anywhere.
    static func singleApplications(main: Server) -> Set<Int> {
        guard ConfigTree.httpd.mentions("%{AUTO}"), let facts = unsafe facts(main) else { return [] }
        return SingleApplications(facts).groups
    }

    private static func level(of finding: Finding) -> LogLevel {
        switch finding.weight {
        case .error: .error
        case .warning: .warning
        case .notice: .notice
        }
    }

    private static func facts(_ main: Server) -> ConfigFacts? {
        FileView.begin()
        let servers = unsafe ConfigBridge.servers(main)
        let machine = unsafe HostFacts(main: main, servers.first?.settings.global.socketPrefix)
        return unsafe ConfigFacts(servers, locations(main), ConfigTree.httpd, machine)
    }

    /// The names and locations of the servers, for messages.
    private static func locations(_ main: Server) -> [ConfigFacts.HostLocation] {
        var locations = [ConfigFacts.HostLocation(title: "the main server", location: nil)]
        var next: Server? = unsafe main.pointee.next
        while let server = unsafe next {
            let name = unsafe string(server.pointee.server_hostname)
            let port = unsafe server.pointee.addrs.map { unsafe $0.pointee.host_port } ?? 0
            let location = unsafe SourceLocation(
                file: string(server.pointee.defn_name), line: Int(server.pointee.defn_line_number))
            locations.append(
                ConfigFacts.HostLocation(title: port == 0 ? name : "\(name):\(port)", location: location))
            unsafe next = server.pointee.next
        }
        return locations
    }
}
