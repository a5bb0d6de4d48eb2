internal import CHTTPD
internal import WSGIConfig
internal import WSGICore
internal import WSGIWire

/// Routes a request from httpd's handler hook to the application: finds the script, the settings and the process group.
///
/// Read `handle`, then `serve`. `ScriptMapping` finds the script, `RequestChecks` rejects invalid requests, and
/// `TargetNames` finds the groups in which the application runs. `EmbeddedHandler` and `DaemonHandler` do the work.
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
        var measure = RequestMeasure(host: server.number)
        do {
            switch unsafe try RequestRouter(r, server, effective, mapping).serve(&measure) {
            case .status(let status):
                unsafe measure.count(r, status)
                return status
            case .redirect(let location):
                unsafe measure.count(r, OK)
                return unsafe InternalRedirect.run(r, to: location)
            }
        } catch {
            measure.rejected(error.id)
            unsafe measure.count(r, error.status)
            return unsafe error.result(of: r)
        }
    }

    private init(_ r: Request, _ server: ServerConfig, _ effective: DirectoryConfig, _ mapping: ScriptMapping) {
        unsafe self.r = r
        self.server = server
        self.effective = effective
        self.mapping = mapping
    }

    private borrowing func serve(_ measure: inout RequestMeasure) throws(Rejection) -> HandlerResult {
        if case .script(let alias) = mapping { try unsafe RequestChecks.script(r, isAliased: alias != nil) }
        try unsafe RequestChecks.pathInfo(r)
        var facts = unsafe RequestFacts(server, effective, script: bytes(of: r.pointee.filename))
        try unsafe RequestChecks.body(r, &facts)
        describe(&facts)
        let scratch = unsafe ScratchPool.take()
        defer { unsafe ScratchPool.give(scratch) }
        guard let dispatch = unsafe Dispatch.call(r, facts) else { return .status(HTTP_INTERNAL_SERVER_ERROR) }
        guard unsafe TargetNames(r, scratch).resolve(dispatch, mapping, &facts) else {
            throw Rejection(
                HTTP_INTERNAL_SERVER_ERROR, .groupUnknown,
                "The name of a group or a callable is longer than \(Scratch.longestName) bytes after expansion.")
        }
        try RequestChecks.processGroup(facts)
        return unsafe try facts.processGroup.isEmpty
            ? embedded(facts, scratch, &measure) : daemon(&facts, scratch, &measure)
    }

    /// Stores the facts that follow from the settings and the script.
    private borrowing func describe(_ facts: inout RequestFacts) {
        facts.passesAuthorization = mapping.passAuthorization ?? effective.settings.passAuthorization
        if effective.settings.traceContext { unsafe TraceContext.prepare(r) }
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
        // The body of a response to HEAD is needed only if content filters read it.
        if unsafe !chttpd_filters_content(r) { facts.flags.insert(.headersOnly) }
    }

    private borrowing func daemon(
        _ facts: inout RequestFacts, _ scratch: UnsafeMutablePointer<Scratch>, _ measure: inout RequestMeasure
    ) throws(Rejection) -> HandlerResult {
        guard let scoreboard = DaemonGroups.childScoreboard else { throw unknownGroup(facts) }
        let group = try group(of: facts)
        measure.isFor(group: group.number)
        try unsafe group.ownership?.check(facts.script, r.pointee.pool)
        facts.queueStart = apr_time_now()
        return unsafe try group.settings.root.withBytes { root throws(Rejection) in
            guard let script = unsafe insidePath(facts.script, root) else {
                throw Rejection(
                    HTTP_INTERNAL_SERVER_ERROR, .scriptOutsideRoot,
                    "The WSGI script '\(unsafe string(r.pointee.filename))' is not within "
                        + "chroot=\(group.settings.root.string) of process group '\(group.name)', which cannot run it.")
            }
            unsafe facts.root = root
            unsafe facts.script = script
            if unsafe !facts.handlerScript.isEmpty { unsafe facts.handlerScript = script }
            return unsafe try DaemonHandler.run(
                r, facts, in: group, choice: SlotChoice(scoreboard: scoreboard), scratch, &measure)
        }
    }

    /// The process group of the request.
    private borrowing func group(of facts: borrowing RequestFacts) throws(Rejection) -> DaemonGroup {
        switch unsafe Settled.find(facts.processGroup, from: server) {
        case .found(let index) where index < DaemonGroups.all.count:
            let group = DaemonGroups.all[index]
            guard group.isService else { return group }
            throw Rejection(
                HTTP_INTERNAL_SERVER_ERROR, .serviceGroup,
                "Process group '\(group.name)' has threads=0: its processes run scripts of WSGIImportScript and serve no "
                    + "requests. Name another group for this application.")
        case .ofOtherHost:
            throw Rejection(
                HTTP_INTERNAL_SERVER_ERROR, .groupOfOtherHost,
                // cold: text of a record
                "Process group '\(unsafe String(decoding: facts.processGroup, as: UTF8.self))' belongs to another virtual "
                    + "host: it can be used where ServerName is the same. Move its WSGIDaemonProcess out of <VirtualHost>, "
                    + "or define a group of another name here.")
        case .found, .unknown: throw unknownGroup(facts)
        }
    }

    private borrowing func unknownGroup(_ facts: borrowing RequestFacts) -> Rejection {
        let known = DaemonGroups.all.map(\.name).joined(separator: ", ")
        return Rejection(
            HTTP_INTERNAL_SERVER_ERROR, .groupUnknown,
            // cold: text of a record
            "No process group '\(unsafe String(decoding: facts.processGroup, as: UTF8.self))' is defined by a "
                + "WSGIDaemonProcess; the defined groups are: \(known.isEmpty ? "none" : known).")
    }

    private borrowing func embedded(
        _ facts: RequestFacts, _ scratch: UnsafeMutablePointer<Scratch>, _ measure: inout RequestMeasure
    ) throws(Rejection) -> HandlerResult {
        measure.isFor(group: MetricsNames.embedded)
        guard !Settled.restrictsEmbedded else {
            throw Rejection(
                HTTP_INTERNAL_SERVER_ERROR, .embeddedRestricted,
                "'\(unsafe string(r.pointee.filename))' would run embedded in httpd, and WSGIRestrictEmbedded is On: "
                    + "name a process group with WSGIProcessGroup or the alias's process-group=.")
        }
        guard let engine = unsafe EmbeddedPlan.current?.engine() else {
            throw Rejection(
                HTTP_INTERNAL_SERVER_ERROR, .embeddedUnavailable,
                "Python could not be started in this httpd process; an earlier message in the error log gives the reason."
            )
        }
        return unsafe EmbeddedHandler.run(r, facts, engine, scratch, &measure)
    }
}
