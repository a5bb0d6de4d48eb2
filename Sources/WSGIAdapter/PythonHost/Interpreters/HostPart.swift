/// A part of the adapter that keeps something of its own in each interpreter, and perhaps in each request: the module
/// `mod_wsgi`, the scripts, each protocol. Interpreters and requests know none of them.
@safe struct HostPart {
    /// Prepares the interpreter that is attached; false: a Python exception is set.
    let prepare: (Interpreter) -> Bool
    /// Frees what the part keeps in a request's state, at the end of the thread; without the GIL.
    let discard: (UnsafeMutableRawPointer) -> Void

    /// In the order in which interpreters are prepared.
    nonisolated(unsafe) private(set) static var all: [HostPart] = []

    /// Registers a part, before the first interpreter is made.
    ///
    /// - Returns: The part's index in `InterpreterState.parts` and `RequestState.parts`.
    static func register(
        prepare: @escaping (Interpreter) -> Bool, discard: @escaping (UnsafeMutableRawPointer) -> Void = { _ in }
    ) -> Int {
        unsafe all.append(HostPart(prepare: prepare, discard: discard))
        return unsafe all.count - 1
    }
}
