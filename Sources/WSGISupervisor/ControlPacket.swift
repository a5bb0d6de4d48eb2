internal import ProcessKit
internal import WSGIWire

extension ControlPacket {
    /// Sends the packet; a worker that does not take its packets is dealt with by its deadlines, so this never waits.
    func send(on socket: borrowing PacketSocket, descriptors: [Int32] = []) throws(SystemError) {
        var buffer = ByteBuffer()
        append(to: &buffer)
        try unsafe socket.send(buffer.bytes, descriptors: descriptors, wait: false)
    }
}
