internal import CPython
internal import PythonRuntime

/// A thread's way into one interpreter, kept as long as the thread lives: making a thread state for each request would
/// cost more than the request.
@safe struct AttachmentState {
    let interpreter: Interpreter
    /// The thread state; attached while this thread runs Python in `interpreter`.
    let threadState: OpaquePointer
    /// Python's own thread state: not ours to delete.
    let isAdopted: Bool
    /// `wsgi.errors` of the former request, if nobody kept it: making one costs more than a small request.
    var errors: ErrorStream?
    var next: UnsafeMutablePointer<AttachmentState>?
}
