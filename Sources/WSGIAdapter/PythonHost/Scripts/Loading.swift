internal import CEngineABI
internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGICore
internal import WSGIWire

/// Handling of a request whose script has changed since it was loaded. All members need the GIL.
extension RequestContext {
    /// Loads the script if necessary. Returns the outcome if the application is not to be called.
    ///
    /// - Parameter asksScript: Whether to call `reload_required` of the script.
    func prepare(_ script: Script, _ head: RequestHead, asksScript: Bool) -> Int32? {
        let interpreter = unsafe state.pointee.interpreter
        guard script.isLoaded else { return loadAnew(script, head) }
        guard let modified = change(of: script, head, asksScript) else { return nil }
        if unsafe ProcessState.current?.pointee.isDaemon == true { return succeed(script, modified, head) }
        let stale = unsafe script.state.pointee.module
        let hasFactory = unsafe Factory.isNamed(by: head.callableObject)
        return unsafe script.load(ifNot: stale, in: interpreter, target: log, factory: hasFactory) ? nil : 500
    }

    /// Loads a script that is not loaded.
    private func loadAnew(_ script: Script, _ head: RequestHead) -> Int32? {
        let path = script.path
        if FailedCode.contains(path, modified: head.scriptModified), let answer = unsafe leaveToOthers(script, head) {
            return answer
        }
        Attachment.detached { ScriptEvents.announce(.loading(path)) }
        let hasFactory = unsafe Factory.isNamed(by: head.callableObject)
        if unsafe script.load(ifNot: nil, in: state.pointee.interpreter, target: log, factory: hasFactory) {
            return nil
        }
        return unsafe leaveToOthers(script, head) ?? 500
    }

    /// The outcome if a script does not work here and another process of the group serves it: the request is passed to
    /// that process, and a successor is requested. `nil`: there is no such process, or it could not serve the request
    /// either.
    ///
    /// - Parameter callable: The name that the script does not define; `nil`: the script cannot be loaded.
    func leaveToOthers(_ script: Script, _ head: RequestHead, lacking callable: UnsafeRawBufferPointer? = nil) -> Int32?
    {
        guard head.flags.contains(.scriptReloading), !head.flags.contains(.lastResort) else { return nil }
        var spec = unsafe ScriptSpec(path: script.path, applicationGroup: state.pointee.interpreter.text)
        if let callable = unsafe callable { spec.callableObject = unsafe Text.string(callable) }
        let isSame = unsafe callable == nil ? spec.isSameCode(as:) : spec.isSameApplication(as:)
        guard ProvenScripts.contains(where: isSame) else { return nil }
        let modified = max(unsafe spec.path.withCString { unsafe wsgi_file_modified($0) }, 0)
        Attachment.detached { ScriptEvents.announce(.changed(path: spec.path, modified: modified, isAwaited: true)) }
        return WSGI_OUTCOME_UNUSABLE.rawValue
    }

    /// The modification time of the changed file; 0: there is no file, or the script requests a reload; `nil`: no
    /// change.
    private func change(of script: Script, _ head: RequestHead, _ asksScript: Bool) -> Int64? {
        guard head.flags.contains(.scriptReloading) else { return nil }
        if head.scriptModified != 0, let modified = script.change(for: head.scriptModified) { return modified }
        guard asksScript, script.canAskForReload else { return nil }
        let wantsReload = unsafe script.state.pointee.wantsReload
        // A request that waited for the successor may reach its predecessor again while that drains.
        if head.flags.contains(.reloaded) { return wantsReload ? 0 : nil }
        if head.flags.contains(.rolling), wantsReload { return 0 }
        let resource = unsafe head.value(of: "SCRIPT_FILENAME") ?? head.script
        guard unsafe script.asksForReload(resource, in: state.pointee.interpreter, target: log) else { return nil }
        unsafe script.state.pointee.wantsReload = unsafe ProcessState.current?.pointee.isDaemon == true
        return 0
    }

    /// Requests a successor, and decides whether the request waits for it or is served by the loaded code.
    private func succeed(_ script: Script, _ modified: Int64, _ head: RequestHead) -> Int32? {
        if head.flags.contains(.staleAllowed) { return nil }
        let path = script.path
        if modified != 0, FailedCode.contains(path, modified: modified) { return nil }
        let isAwaited = !head.flags.contains(.rolling)
        guard isAwaited || script.mayAsk(for: modified) else { return nil }
        Attachment.detached { ScriptEvents.announce(.changed(path: path, modified: modified, isAwaited: isAwaited)) }
        return isAwaited ? WSGI_OUTCOME_RELOAD.rawValue : nil
    }
}

extension Script {
    /// Whether to request a successor that no request waits for: once for each change, and again if it does not start.
    fileprivate func mayAsk(for modified: Int64) -> Bool {
        let now = Int64(wsgi_monotonic_nanoseconds() / 1_000_000)
        guard unsafe state.pointee.asked != modified || now - state.pointee.askedAt >= 1_000 else { return false }
        unsafe (state.pointee.asked, state.pointee.askedAt) = (modified, now)
        return true
    }
}
