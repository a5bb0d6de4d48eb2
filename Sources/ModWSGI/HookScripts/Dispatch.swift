internal import CEngineABI
internal import CHTTPD
internal import WSGIConfig
internal import WSGICore

/// The choices of a `WSGIDispatchScript` for a request. `nil`: the configured value applies.
struct Dispatch {
    private(set) var processGroup: GroupExpression?
    private(set) var applicationGroup: GroupExpression?
    private(set) var callableObject: GroupExpression?

    /// Calls the dispatch script of these settings, if there is one. All its functions are optional.
    ///
    /// - Returns: `nil`, with the reason logged, if the script cannot be loaded, raises an exception, or returns
    ///   something other than text. The request is then rejected, because it might otherwise reach the wrong
    ///   application.
    static func call(_ r: Request, _ facts: RequestFacts) -> Dispatch? {
        var dispatch = Dispatch()
        guard let script = facts.effective.settings.dispatchScript else { return dispatch }
        let kinds = [WSGI_KIND_NONE, WSGI_KIND_STR, WSGI_KIND_BYTES]
        let functions = (["process_group", "application_group", "callable_object"] as [StaticString])
            .map { unsafe HookFunction(name: $0, kinds: kinds) }
        guard let answers = unsafe HookScriptCall.call(r, script, facts, .application, functions) else { return nil }
        for (index, answer) in answers.enumerated() {
            switch answer {
            case .none, .missing: continue
            case .text(let text):
                let value = unsafe string(text)
                switch index {
                case 0: dispatch.processGroup = GroupExpression(value)
                case 1: dispatch.applicationGroup = GroupExpression(applicationGroup: value)
                default: dispatch.callableObject = GroupExpression(value, role: .callableObject)
                }
            case .invalid(let type):
                unsafe Log.request(
                    r, .error, .hookAnswerInvalid,
                    "\(functions[index].name) of the dispatch script '\(script.path.string)' must return a str, bytes "
                        + "or None, not \(type).")
                return nil
            case .failed, .boolean, .items: return nil
            }
        }
        return dispatch
    }
}
