/// A part of the adapter with state in each interpreter, and optionally in each request: the module `mod_wsgi`, the
/// scripts, each protocol. Interpreters and requests do not depend on any of them.
@safe struct HostPart {
    /// Prepares the interpreter that is attached; false: a Python exception is set.
    let prepare: (Interpreter) -> Bool
    /// Frees the part's share of a request's state at the end of the thread, without the GIL.
    let discard: (UnsafeMutableRawPointer) -> Void

    /// The parts, in the order in which they prepare an interpreter.
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
