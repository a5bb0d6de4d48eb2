internal import CEngineABI

/// The adapter's view of a connection: the function table of `wsgi_transport` for a `ConnectionChannel`.
enum ConnectionTransport {
    /// The table for this channel, which must outlive it.
    static func functions(for channel: UnsafeMutablePointer<ConnectionChannel>) -> wsgi_transport {
        unsafe wsgi_transport(
            context: UnsafeMutableRawPointer(channel),
            read_body: { context, buffer, capacity in
                guard let channel = unsafe ConnectionTransport.channel(context) else {
                    return Int64(WSGI_TRANSPORT_FAILED.rawValue)
                }
                return unsafe channel.pointee.readBody(UnsafeMutableRawBufferPointer(start: buffer, count: capacity))
            },
            send_hints: { context, head, length in
                guard let channel = unsafe ConnectionTransport.channel(context) else {
                    return WSGI_TRANSPORT_FAILED.rawValue
                }
                return unsafe channel.pointee.sendHints(UnsafeRawBufferPointer(start: head, count: length))
            },
            send_head: { context, head, length in
                guard let channel = unsafe ConnectionTransport.channel(context) else {
                    return WSGI_TRANSPORT_FAILED.rawValue
                }
                return unsafe channel.pointee.sendHead(UnsafeRawBufferPointer(start: head, count: length))
            },
            send_data: { context, data, length, flush in
                guard let channel = unsafe ConnectionTransport.channel(context) else {
                    return WSGI_TRANSPORT_FAILED.rawValue
                }
                return unsafe channel.pointee.sendData(
                    UnsafeRawBufferPointer(start: data, count: length), flush: flush != 0)
            },
            send_file: { context, descriptor, offset, length in
                guard let channel = unsafe ConnectionTransport.channel(context) else {
                    return WSGI_TRANSPORT_FAILED.rawValue
                }
                return unsafe channel.pointee.sendFile(descriptor, offset: offset, length: length)
            },
            log: { context, level, text, length in
                let text = unsafe UnsafeRawBufferPointer(start: text, count: length)
                guard let channel = unsafe ConnectionTransport.channel(context), unsafe channel.pointee.log(level, text)
                else {
                    unsafe WorkerLog.write(level, text)
                    return
                }
            },
            request: nil)
    }

    private static func channel(_ context: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<ConnectionChannel>? {
        unsafe context?.assumingMemoryBound(to: ConnectionChannel.self)
    }
}
