internal import CPython
internal import PythonRuntime

/// A thread's attachment to one interpreter, kept for the life of the thread: creating a thread state for each request
/// would cost more than the request.
@safe struct AttachmentState {
    let interpreter: Interpreter
    /// The thread state; attached while this thread runs Python in `interpreter`.
    let threadState: OpaquePointer
    /// The thread state belongs to Python, which deletes it.
    let isAdopted: Bool
    /// `wsgi.errors` of the previous request, if no reference to it was kept: creating one costs more than a small
    /// request.
    var errors: ErrorStream?
    var next: UnsafeMutablePointer<AttachmentState>?
}
