internal import ProcessKit
internal import WSGIWire

extension ReceiveBuffer {
    /// Receives one frame of this kind. False: closed, timed out, or something else was sent.
    mutating func receiveFrame(_ socket: Int32, expecting kind: Frame.Kind) -> Bool {
        begin()
        while true {
            let got = unsafe StreamSocket.receive(socket, room)
            guard got > 0 else { return false }
            switch received(got, expecting: kind) {
            case .incomplete: continue
            case .complete: return true
            case .unacceptable: return false
            }
        }
    }

    /// Peeks at the received data: `nil` if there is none; a payload of `nil` if there is no whole frame.
    mutating func peekFrame(_ socket: Int32, expecting kind: Frame.Kind) -> UnsafeRawBufferPointer?? {
        begin()
        let count = unsafe StreamSocket.peek(socket, room)
        guard count > 0 else { return unsafe .none }
        var progress = received(count, expecting: kind)
        if progress == .incomplete {
            // Read again with a buffer of sufficient size.
            begin()
            progress = unsafe received(StreamSocket.peek(socket, room), expecting: kind)
        }
        return unsafe progress == .complete ? .some(payload) : .some(nil)
    }
}
