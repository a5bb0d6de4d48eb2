internal import CHTTPD
internal import ProcessKit
internal import WSGICore
internal import WSGIDeployment

extension HostFacts {
    /// The facts that httpd provides. Parent only, after the configuration has been read.
    init(main: Server, _ socketPrefix: String?) {
        let companions = moduleDirectory() + "/mod_wsgi"
        let pool = unsafe main.pointee.process?.pointee.pool
        unsafe self.init(
            companions: companions, defaultPython: firstLine(of: companions + "/default-python") ?? "/usr/bin/python3",
            user: (chttpd_user(), chttpd_group()), isRoot: CurrentProcess.user == 0,
            timeout: Int(main.pointee.timeout / 1_000_000), process: Self.process(),
            serverRoot: string(ap_server_root_relative(pool, "")), socketPrefix: Self.absolute(socketPrefix, pool),
            configurationFile: Self.configurationFile(main))
    }

    private static func process() -> ProcessSpec {
        var spec = ProcessSpec()
        spec.moduleVersion = ModuleVersion.components
        spec.httpdVersion = [
            Int(AP_SERVER_MAJORVERSION_NUMBER), Int(AP_SERVER_MINORVERSION_NUMBER), Int(AP_SERVER_PATCHLEVEL_NUMBER),
        ]
        spec.httpdDescription = unsafe string(ap_get_server_description())
        spec.httpdBuildDate = unsafe string(ap_get_server_built())
        spec.mpmName = unsafe string(ap_show_mpm())
        spec.httpdChildren = max(MPM.query(AP_MPMQ_MAX_DAEMON_USED), MPM.query(AP_MPMQ_MAX_DAEMONS), 1)
        spec.httpdThreadsPerChild = max(MPM.query(AP_MPMQ_MAX_THREADS), 1)
        return spec
    }

    /// `WSGISocketPrefix`, or its default in httpd's runtime directory, as an absolute path.
    private static func absolute(_ socketPrefix: String?, _ pool: Pool?) -> String {
        let prefix = unsafe socketPrefix ?? string(ap_runtime_dir_relative(pool, "wsgi"))
        return unsafe prefix.hasPrefix("/") ? prefix : string(ap_server_root_relative(pool, prefix))
    }

    /// The file that `-f` names on httpd's command line, or else the default that was compiled into httpd.
    private static func configurationFile(_ main: Server) -> String? {
        guard let process = unsafe main.pointee.process else { return nil }
        var words: [String] = []
        for index in 0..<Int(unsafe process.pointee.argc) { unsafe words.append(string(process.pointee.argv[index])) }
        if let index = words.lastIndex(where: { $0.hasPrefix("-f") }) {
            let value = words[index].dropFirst(2)
            guard !value.isEmpty || words.indices.contains(index + 1) else { return nil }
            return unsafe string(
                ap_server_root_relative(process.pointee.pool, value.isEmpty ? words[index + 1] : String(value)))
        }
        let file = unsafe ap_server_root_relative(process.pointee.pool, chttpd_default_configuration())
        return unsafe file.map { unsafe string($0) }
    }
}
