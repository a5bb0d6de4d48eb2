internal import CPython
internal import PythonRuntime

extension ThreadContext {
    /// Attaches to the interpreter of an application group, and creates it on first use.
    ///
    /// - Returns: The attachment, with the GIL held; `nil`, without the GIL, if the interpreter could not be created.
    func attach(_ group: UnsafeRawBufferPointer) -> UnsafeMutablePointer<AttachmentState>? {
        var candidate = unsafe state.pointee.attachments
        while let attachment = unsafe candidate {
            if unsafe Text.equal(attachment.pointee.interpreter.state.pointee.name, group) {
                unsafe Attachment.attach(attachment.pointee.threadState)
                return unsafe attachment
            }
            unsafe candidate = unsafe attachment.pointee.next
        }
        return unsafe InterpreterRegistry.attach(self, group)
    }
}
