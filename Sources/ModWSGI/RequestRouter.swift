internal import CHTTPD
internal import CSystem
internal import WSGIConfig
internal import WSGICore
internal import WSGIWire

/// Takes a request from httpd's handler hook to the application: which script, which settings, which process group.
///
/// Read `handle`, then `serve`. `ScriptMapping` says which script, `Refusals` what is refused, `GroupNames` in which
/// groups the application runs; `EmbeddedHandler` and `DaemonHandler` do the work.
@safe struct RequestRouter: ~Copyable {
    private let r: Request
    private let server: ServerConfig
    private let effective: DirectoryConfig
    private let mapping: ScriptMapping

    /// What became of a request.
    @safe enum Answer {
        /// The handler's status, for httpd.
        case status(Int32)
        /// The application names another resource of this server, whose answer is the answer.
        case redirect(Text)
    }

    /// Serves a request whose handler is ours.
    static func handle(_ r: Request) -> Int32 {
        guard let here = unsafe r.pointee.server, let server = unsafe ConfigBridge.server(here) else { return DECLINED }
        let effective = unsafe server.settings(of: r)
        guard let mapping = unsafe ScriptMapping(r, server, effective) else { return DECLINED }
        let router = unsafe RequestRouter(r, server, effective, mapping)
        if let refusal = router.refuse() { return refusal }
        return switch router.serve() {
        case .status(let status): status
        case .redirect(let location): unsafe InternalRedirect.run(r, to: location)
        }
    }

    private init(_ r: Request, _ server: ServerConfig, _ effective: DirectoryConfig, _ mapping: ScriptMapping) {
        unsafe self.r = r
        self.server = server
        self.effective = effective
        self.mapping = mapping
    }

    private borrowing func refuse() -> Int32? {
        if case .script(let alias) = mapping, let refusal = unsafe Refusals.script(r, isAliased: alias != nil) {
            return refusal
        }
        return unsafe Refusals.pathInfo(r)
    }

    private borrowing func serve() -> Answer {
        var facts = unsafe RequestFacts(server, effective, script: bytes(of: r.pointee.filename))
        if let refusal = unsafe Refusals.body(r, &facts) { return .status(refusal) }
        describe(&facts)
        let scratch = unsafe ScratchPool.take()
        defer { unsafe ScratchPool.give(scratch) }
        guard let dispatch = unsafe Dispatch.ask(r, facts) else { return .status(HTTP_INTERNAL_SERVER_ERROR) }
        guard unsafe GroupNames(r, scratch).resolve(dispatch, mapping, &facts) else {
            unsafe Log.request(
                r, .error, .groupUnknown,
                "The name of a group or a callable is longer than \(Scratch.longestName) bytes after expansion.")
            return .status(HTTP_INTERNAL_SERVER_ERROR)
        }
        if let refusal = unsafe Refusals.processGroup(r, facts) { return .status(refusal) }
        return unsafe facts.processGroup.isEmpty ? embedded(facts, scratch) : daemon(&facts, scratch)
    }

    /// What settings and script say about the request.
    private borrowing func describe(_ facts: inout RequestFacts) {
        facts.passesAuthorization = mapping.passAuthorization ?? effective.settings.passAuthorization
        if effective.settings.ignoreActivity { facts.flags.insert(.ignoresActivity) }
        let reloads = effective.settings.scriptReloading != .off
        if reloads { facts.flags.insert(.scriptReloading) }
        if effective.settings.scriptReloading == .rolling { facts.flags.insert(.rolling) }
        if ModuleState.ignoresCase { facts.flags.insert(.ignoresCase) }
        if case .handlerScript(let script) = mapping {
            let file = unsafe HandlerFile(script, r)
            unsafe facts.script = file.path
            unsafe facts.handlerScript = file.path
            if reloads { facts.scriptModified = file.modified() }
        } else if reloads {
            facts.scriptModified = unsafe r.pointee.finfo.mtime
        }
        guard unsafe r.pointee.header_only != 0 else { return }
        switch effective.settings.mapHeadToGet {
        case .on: facts.mapsHeadToGet = true
        case .off: facts.mapsHeadToGet = false
        case .auto: facts.mapsHeadToGet = unsafe chttpd_filters_content(r)
        }
        // Filters that look at the body must get it; otherwise nobody does.
        if unsafe !chttpd_filters_content(r) { facts.flags.insert(.headersOnly) }
    }

    private borrowing func daemon(_ facts: inout RequestFacts, _ scratch: UnsafeMutablePointer<Scratch>) -> Answer {
        let name = unsafe facts.processGroup
        let text = { unsafe String(decoding: name, as: UTF8.self) }
        switch unsafe ModuleState.find(name, from: r.pointee.server) {
        case .found(let index):
            guard index < ModuleState.groups.count, let board = unsafe ModuleState.board else { break }
            let group = ModuleState.groups[index]
            if group.isService {
                unsafe Log.request(
                    r, .error, .serviceGroup,
                    "Process group '\(group.name)' has threads=0: its processes run scripts of WSGIImportScript and "
                        + "serve no requests. Name another group for this application.")
                return .status(HTTP_INTERNAL_SERVER_ERROR)
            }
            if let refusal = unsafe group.ownership?.refuse(r, facts.script) { return .status(refusal) }
            facts.queueStart = apr_time_now()
            return unsafe group.root.withBytes { root in
                guard let script = unsafe insidePath(facts.script, root) else { return refuseOutside(group) }
                unsafe facts.root = root
                unsafe facts.script = script
                if unsafe !facts.handlerScript.isEmpty { unsafe facts.handlerScript = script }
                return unsafe DaemonHandler.run(
                    r, facts, in: group, choice: SlotChoice(board: board, child: ModuleState.child), scratch)
            }
        case .ofOtherHost:
            unsafe Log.request(
                r, .error, .groupOfOtherHost,
                "Process group '\(text())' belongs to another virtual host: it can be used where ServerName is the same. "
                    + "Move its WSGIDaemonProcess out of <VirtualHost>, or define a group of another name here.")
            return .status(HTTP_INTERNAL_SERVER_ERROR)
        case .unknown: break
        }
        let known = ModuleState.groups.map(\.name).joined(separator: ", ")
        unsafe Log.request(
            r, .error, .groupUnknown,
            "No process group '\(text())' is defined by a WSGIDaemonProcess; defined are: \(known.isEmpty ? "none" : known)."
        )
        return .status(HTTP_INTERNAL_SERVER_ERROR)
    }

    private borrowing func refuseOutside(_ group: DaemonGroup) -> Answer {
        unsafe Log.request(
            r, .error, .scriptOutsideRoot,
            unsafe "The WSGI script '\(string(r.pointee.filename))' is not within chroot=\(group.root.string) of process "
                + "group '\(group.name)', which cannot run it.")
        return .status(HTTP_INTERNAL_SERVER_ERROR)
    }

    private borrowing func embedded(_ facts: RequestFacts, _ scratch: UnsafeMutablePointer<Scratch>) -> Answer {
        guard !ModuleState.restrictsEmbedded else {
            unsafe Log.request(
                r, .error, .embeddedRestricted,
                unsafe "'\(string(r.pointee.filename))' would run embedded in httpd, and WSGIRestrictEmbedded is On: "
                    + "name a process group with WSGIProcessGroup or the alias' process-group=.")
            return .status(HTTP_INTERNAL_SERVER_ERROR)
        }
        guard let engine = unsafe ModuleState.embedded?.engine() else {
            unsafe Log.request(
                r, .error, .embeddedUnavailable,
                "Python could not be started in this httpd process; the reason is in the error log, where it was tried."
            )
            return .status(HTTP_INTERNAL_SERVER_ERROR)
        }
        return unsafe EmbeddedHandler.run(r, facts, engine, scratch)
    }
}
