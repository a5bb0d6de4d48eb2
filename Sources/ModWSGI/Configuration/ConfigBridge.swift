internal import CHTTPD
internal import CModule
internal import WSGIConfig
internal import WSGICore

/// The bridge between httpd's configuration callbacks and `WSGIConfig`.
///
/// httpd holds our objects as raw pointers. Each is retained once for the pool in which it was made.
enum ConfigBridge {
    /// The configuration of a server.
    static func server(_ server: Server) -> ServerConfig? {
        unsafe object(chttpd_module_config(server.pointee.module_config))
    }

    /// The configuration that applies to a request's directory. `nil` if no container has directives of ours.
    static func directory(_ request: Request) -> DirectoryConfig? {
        unsafe object(chttpd_module_config(request.pointee.per_dir_config))
    }

    /// The settings that apply to a request to this server.
    static func settings(of r: Request, in server: ServerConfig) -> DirectoryConfig {
        guard let directory = unsafe directory(r) else { return server.effective }
        return directory.over(server.effective)
    }

    /// Fills httpd's directive table from ours.
    static func fillCommands() {
        for (row, directive) in DirectiveTable.all.enumerated() {
            // StaticString literals are NUL-terminated and live as long as the module.
            unsafe cmodule_set_command(
                Int32(row), text(directive.name), text(directive.help), overrides(directive.scope.overrideClasses))
        }
    }

    /// Applies a statement. Returns the result for httpd: `nil`, or the error message.
    static func set(
        row: Int, _ command: UnsafeMutablePointer<cmd_parms>, _ directory: UnsafeMutableRawPointer?, _ arguments: CText?
    ) -> CText? {
        guard DirectiveTable.all.indices.contains(row), let here = unsafe command.pointee.server,
            let server = unsafe server(here)
        else { return nil }
        let directive = DirectiveTable.all[row]
        let statement = unsafe command.pointee.directive
        let location = unsafe SourceLocation(
            file: string(statement?.pointee.filename), line: Int(statement?.pointee.line_num ?? 0))
        let context = unsafe context(command)
        let container: DirectoryConfig = unsafe object(directory) ?? DirectoryConfig(isPermanent: false)
        let known = server.settings.ownAliases.count
        do throws(ConfigError) {
            if context.section == .htaccess {
                // Other requests read the server's settings at the same time, so a .htaccess file must not change them.
                var settings = server.settings
                try unsafe directive.apply(
                    rawArguments: bytes(of: arguments), at: location, in: context, server: &settings,
                    directory: &container.settings)
                if Settled.restrictsEmbedded, container.settings.hasHooks {
                    throw ConfigError(
                        "\(LogID.hookScriptRestricted.tag): \(directive.name) is not allowed in .htaccess while "
                            + "WSGIRestrictEmbedded is On, because the script would run in httpd's own processes: move it to "
                            + "a <Directory> in the server's configuration.")
                }
            } else {
                try unsafe directive.apply(
                    rawArguments: bytes(of: arguments), at: location, in: context, server: &server.settings,
                    directory: &container.settings)
                if container.settings.hasHooks || server.settings.directory.hasHooks { Settled.expectsHooks = true }
            }
            if server.settings.ownAliases.count > known, let message = unsafe checkPattern(command, server.settings) {
                return unsafe message
            }
            return unsafe directive.isSection ? walk(command) : nil
        } catch {
            return unsafe copy(error.description, into: command.pointee.pool).map { unsafe UnsafePointer($0) }
        }
    }

    /// Rejects the alias that was just read if httpd cannot compile its regular expression.
    private static func checkPattern(
        _ command: UnsafeMutablePointer<cmd_parms>, _ settings: ServerSettings
    ) -> CText? {
        guard let alias = settings.ownAliases.last, alias.isPattern, let pool = unsafe command.pointee.temp_pool,
            unsafe MappedAlias.compile(alias, pool) == nil
        else { return nil }
        let name = unsafe string(command.pointee.directive?.pointee.directive)
        return unsafe copy(
            "\(name): '\(alias.urlPath.string)' is not a regular expression (PCRE): correct it, or use WSGIScriptAlias "
                + "for a plain URL path.", into: command.pointee.pool
        ).map { unsafe UnsafePointer($0) }
    }

    /// Whether new objects live as long as the configuration. True until a child serves requests.
    @safe nonisolated(unsafe) static var isReading = true

    /// A configuration of the server's own, equal to `shared`. A virtual host without directives of ours shares the
    /// configuration object of the main server, but needs one of its own.
    static func separate(_ shared: ServerConfig, for server: Server) -> ServerConfig {
        let own = ServerConfig()
        // As httpd merges a host with directives of ours. Settings that are never merged remain the main server's.
        own.settings = shared.settings.merged(under: ServerSettings())
        if let pool = unsafe server.pointee.process?.pointee.pconf {
            unsafe chttpd_set_module_config(server.pointee.module_config, hold(own, in: pool))
        }
        return own
    }

    /// All servers in httpd's order, the main server first. Sets the index of each.
    static func servers(_ main: Server) -> [ConfiguredServer] {
        var servers: [ConfiguredServer] = []
        var seen: Set<ObjectIdentifier> = []
        var next: Server? = unsafe main
        while let server = unsafe next {
            if var config = unsafe ConfigBridge.server(server) {
                if !seen.insert(ObjectIdentifier(config)).inserted {
                    config = unsafe ConfigBridge.separate(config, for: server)
                }
                config.index = servers.count
                let name = unsafe server.pointee.server_hostname.map { unsafe string($0) }
                let host = unsafe HostIdentity(isMain: server == main, name: name)
                servers.append(ConfiguredServer(host: host, settings: config.settings))
            }
            unsafe next = server.pointee.next
        }
        return servers
    }

    /// Prepares the settings of all servers for requests, after the whole configuration has been read.
    static func settle(_ main: Server, _ pool: Pool) {
        let notices = unsafe chttpd_shared_bytes(pool, Int(chttpd_server_count(main)))
        let first = unsafe server(main)
        var next: Server? = unsafe main
        var index = 0
        while let here = unsafe next {
            let notice = unsafe notices.map { unsafe OneTimeNotice($0 + index) } ?? OneTimeNotice()
            let config = unsafe server(here)
            unsafe config?.number = MetricsNames.number(of: here)
            unsafe config?.settle(notice, inheriting: config === first ? nil : first, pool)
            unsafe next = here.pointee.next
            index += 1
        }
    }

    /// Whether the statements of a section of ours are being applied. The configuration is read on one thread.
    @safe nonisolated(unsafe) private static var isInSection = false

    /// Applies the statements within a section of ours.
    private static func walk(_ command: UnsafeMutablePointer<cmd_parms>) -> CText? {
        guard let section = unsafe command.pointee.directive else { return nil }
        var next = unsafe section.pointee.first_child
        while let child = unsafe next {
            let name = unsafe string(child.pointee.directive)
            guard DirectiveTable.directive(named: name)?.scope == .interpreter else {
                let title = unsafe string(section.pointee.directive) + ">"
                unsafe command.pointee.err_directive = unsafe UnsafePointer(child)
                return unsafe copy(
                    "\(name) is not allowed in \(title): move it out of the section.", into: command.pointee.pool
                )
                .map { unsafe UnsafePointer($0) }
            }
            unsafe next = child.pointee.next
        }
        isInSection = true
        defer { isInSection = false }
        let message = unsafe ap_walk_config(section.pointee.first_child, command, command.pointee.context)
        unsafe command.pointee.directive = unsafe section
        return unsafe message
    }

    /// Gives an object to httpd for the life of `pool`.
    static func hold(_ object: AnyObject, in pool: Pool) -> UnsafeMutableRawPointer {
        let pointer = unsafe Unmanaged.passRetained(object).toOpaque()
        unsafe chttpd_cleanup(pool, pointer, releaseObject)
        return unsafe pointer
    }

    /// The object to which a pointer of httpd points.
    static func object<Object: AnyObject>(_ pointer: UnsafeMutableRawPointer?) -> Object? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe Unmanaged<Object>.fromOpaque(pointer).takeUnretainedValue()
    }

    private static func context(_ command: UnsafeMutablePointer<cmd_parms>) -> StatementContext {
        let server = unsafe command.pointee.server
        let name = unsafe server?.pointee.server_hostname.map { unsafe string($0) }
        // `override` has RSRC_CONF and ACCESS_CONF only while the server's own configuration is read.
        if unsafe command.pointee.override & Int32(RSRC_CONF | ACCESS_CONF) == 0 {
            return StatementContext(.htaccess, serverName: name)
        }
        if isInSection { return StatementContext(.interpreterOptions, serverName: name) }
        // <AuthnProviderAlias> and similar containers have no path.
        if unsafe command.pointee.path != nil || command.pointee.override & Int32(RSRC_CONF) == 0 {
            return StatementContext(.directory, serverName: name)
        }
        return unsafe StatementContext(server?.pointee.is_virtual == 1 ? .virtualHost : .mainServer, serverName: name)
    }

    private static func overrides(_ classes: OverrideClasses) -> Int32 {
        var result = 0
        // With OR_* alone, httpd would reject the directive outside of containers.
        if classes.contains(.resourceConfig) { result |= Int(RSRC_CONF) }
        if classes.contains(.accessConfig) { result |= Int(ACCESS_CONF) }
        if classes.contains(.fileInfo) { result |= Int(OR_FILEINFO) }
        if classes.contains(.authConfig) { result |= Int(OR_AUTHCFG) }
        return Int32(result)
    }

    private static func text(_ literal: StaticString) -> CText {
        unsafe UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

/// Releases the reference that `ConfigBridge.hold` took.
private let releaseObject: @convention(c) (UnsafeMutableRawPointer?) -> apr_status_t = { pointer in
    if let pointer = unsafe pointer { unsafe Unmanaged<AnyObject>.fromOpaque(pointer).release() }
    return APR_SUCCESS
}
