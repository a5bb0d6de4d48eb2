internal import ProcessKit
internal import WSGIWire

extension ControlPacket {
    /// Sends the packet without waiting. A worker that does not read its packets is ended by its deadlines.
    func send(on socket: borrowing PacketSocket, descriptors: [Int32] = []) throws(SystemError) {
        var buffer = ByteBuffer()
        append(to: &buffer)
        try unsafe socket.send(buffer.bytes, descriptors: descriptors, wait: false)
    }
}
