internal import CHTTPD
internal import Glibc
internal import WSGIConfig

/// The names of process group, application group and callable for a request, written into its scratch memory.
@safe struct TargetNames {
    private let r: Request
    private let scratch: UnsafeMutablePointer<Scratch>

    init(_ r: Request, _ scratch: UnsafeMutablePointer<Scratch>) {
        unsafe self.r = r
        unsafe self.scratch = scratch
    }

    /// Evaluates the expressions: the choice of a dispatch script, else the option of the script's directive, else the
    /// setting. False if a name is too long.
    func resolve(_ dispatch: Dispatch, _ mapping: ScriptMapping, _ facts: inout RequestFacts) -> Bool {
        let process = dispatch.processGroup ?? mapping.processGroup ?? facts.effective.settings.processGroup
        let application =
            dispatch.applicationGroup ?? mapping.applicationGroup ?? facts.effective.settings.applicationGroup
        guard let process = unsafe name(process, at: 0),
            let application = unsafe applicationGroup(application, process, mapping, facts),
            let callable = unsafe callable(dispatch, mapping, facts)
        else { return false }
        unsafe facts.processGroup = process
        unsafe facts.applicationGroup = application
        unsafe facts.callableObject = callable
        return true
    }

    private func applicationGroup(
        _ expression: GroupExpression, _ process: UnsafeRawBufferPointer, _ mapping: ScriptMapping,
        _ facts: RequestFacts
    ) -> UnsafeRawBufferPointer? {
        guard expression.kind == .auto, unsafe isSingle(process, mapping, facts) else {
            return unsafe name(expression, at: 1)
        }
        return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Whether the process group serves a single application, and the request is for it. Scripts that a `.htaccess` file
    /// maps are not known when the configuration is read.
    private func isSingle(
        _ process: UnsafeRawBufferPointer, _ mapping: ScriptMapping, _ facts: RequestFacts
    ) -> Bool {
        if case .script(nil) = mapping { return false }
        guard case .found(let group) = unsafe Settled.find(process, from: facts.server) else { return false }
        return Settled.singleApplications.contains(group)
    }

    private func callable(
        _ dispatch: Dispatch, _ mapping: ScriptMapping, _ facts: RequestFacts
    ) -> UnsafeRawBufferPointer? {
        if case .script = mapping, let chosen = dispatch.callableObject { return unsafe name(chosen, at: 2) }
        if let literal = mapping.callableObject { return unsafe self.literal(literal) }
        return unsafe name(facts.effective.settings.callableObject, at: 2)
    }

    /// The value of an expression, in the buffer for one of the three names. `nil` if it is too long.
    private func name(_ expression: GroupExpression, at index: Int) -> UnsafeRawBufferPointer? {
        let room = unsafe scratch.pointee.name(index)
        guard let length = unsafe expression.write(for: ExpansionFacts(r), into: room) else { return nil }
        return unsafe UnsafeRawBufferPointer(rebasing: room[..<length])
    }

    private func literal(_ text: ConfigText) -> UnsafeRawBufferPointer? {
        let room = unsafe scratch.pointee.name(2)
        guard text.count <= room.count else { return nil }
        unsafe text.withBytes { unsafe room.copyMemory(from: $0) }
        return unsafe UnsafeRawBufferPointer(rebasing: room[..<text.count])
    }
}
