internal import CHTTPD
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

    /// Serves a request whose handler is ours.
    static func handle(_ r: Request) -> Int32 {
        guard let here = unsafe r.pointee.server, let server = unsafe ConfigBridge.server(here) else { return DECLINED }
        let effective = unsafe ConfigBridge.settings(of: r, in: server)
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

    private borrowing func serve() -> HandlerResult {
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
        if Settled.ignoresCase { facts.flags.insert(.ignoresCase) }
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

    private borrowing func daemon(_ facts: inout RequestFacts, _ scratch: UnsafeMutablePointer<Scratch>)
        -> HandlerResult
    {
        let name = unsafe facts.processGroup
        let text = { unsafe String(decoding: name, as: UTF8.self) }
        switch unsafe Settled.find(name, from: server) {
        case .found(let index):
            guard index < DaemonGroups.all.count, let board = unsafe DaemonGroups.board else { break }
            let group = DaemonGroups.all[index]
            if group.isService {
                unsafe Log.request(
                    r, .error, .serviceGroup,
                    "Process group '\(group.name)' has threads=0: its processes run scripts of WSGIImportScript and "
                        + "serve no requests. Name another group for this application.")
                return .status(HTTP_INTERNAL_SERVER_ERROR)
            }
            if let refusal = unsafe group.ownership?.refuse(r, facts.script) { return .status(refusal) }
            facts.queueStart = apr_time_now()
            return unsafe group.settings.root.withBytes { root in
                guard let script = unsafe insidePath(facts.script, root) else { return refuseOutside(group) }
                unsafe facts.root = root
                unsafe facts.script = script
                if unsafe !facts.handlerScript.isEmpty { unsafe facts.handlerScript = script }
                return unsafe DaemonHandler.run(
                    r, facts, in: group, choice: SlotChoice(board: board, child: DaemonGroups.child), scratch)
            }
        case .ofOtherHost:
            unsafe Log.request(
                r, .error, .groupOfOtherHost,
                "Process group '\(text())' belongs to another virtual host: it can be used where ServerName is the same. "
                    + "Move its WSGIDaemonProcess out of <VirtualHost>, or define a group of another name here.")
            return .status(HTTP_INTERNAL_SERVER_ERROR)
        case .unknown: break
        }
        let known = DaemonGroups.all.map(\.name).joined(separator: ", ")
        unsafe Log.request(
            r, .error, .groupUnknown,
            "No process group '\(text())' is defined by a WSGIDaemonProcess; defined are: \(known.isEmpty ? "none" : known)."
        )
        return .status(HTTP_INTERNAL_SERVER_ERROR)
    }

    private borrowing func refuseOutside(_ group: DaemonGroup) -> HandlerResult {
        unsafe Log.request(
            r, .error, .scriptOutsideRoot,
            unsafe "The WSGI script '\(string(r.pointee.filename))' is not within chroot=\(group.settings.root.string) of process "
                + "group '\(group.name)', which cannot run it.")
        return .status(HTTP_INTERNAL_SERVER_ERROR)
    }

    private borrowing func embedded(_ facts: RequestFacts, _ scratch: UnsafeMutablePointer<Scratch>) -> HandlerResult {
        guard !Settled.restrictsEmbedded else {
            unsafe Log.request(
                r, .error, .embeddedRestricted,
                unsafe "'\(string(r.pointee.filename))' would run embedded in httpd, and WSGIRestrictEmbedded is On: "
                    + "name a process group with WSGIProcessGroup or the alias' process-group=.")
            return .status(HTTP_INTERNAL_SERVER_ERROR)
        }
        guard let engine = unsafe EmbeddedPlan.current?.engine() else {
            unsafe Log.request(
                r, .error, .embeddedUnavailable,
                "Python could not be started in this httpd process; the reason is in the error log, where it was tried."
            )
            return .status(HTTP_INTERNAL_SERVER_ERROR)
        }
        return unsafe EmbeddedHandler.run(r, facts, engine, scratch)
    }
}
