/// Status and headers of a response, as the application gave them to `start_response` and `HeaderRules` accepted them.
///
/// Encoding: `status: UInt16 | headers: UInt16 | statusLine length: UInt32 | contentLength: Int64`, the status line
/// ("200 OK"), then each header as two lengths (`UInt32`), name and value. A value that borrows the encoded bytes.
@safe public struct ResponseHead {
    /// The status code.
    public let status: Int
    /// The declared length of the body, or -1. The header is also among the headers.
    public let contentLength: Int64
    /// Code and reason phrase.
    public let statusLine: UnsafeRawBufferPointer
    /// Headers; read them with `nextHeader`.
    public let headerCount: Int

    /// Maximum number of headers of an application, without a Content-Length that is added for it.
    public static let mostHeaders = 1000

    private var headers: ByteReader

    /// Decodes the fixed part and the status line.
    ///
    /// - Throws: `WireError` also if the status line is invalid or does not match the status. httpd would send it
    ///   unchanged, and a worker must not be able to end the head in it.
    public init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
        var reader = unsafe ByteReader(bytes)
        status = try Int(reader.integer(UInt16.self))
        headerCount = try Int(reader.integer(UInt16.self))
        let lineLength = try Int(reader.integer(UInt32.self))
        contentLength = try reader.integer()
        unsafe statusLine = try reader.take(lineLength)
        guard headerCount <= Self.mostHeaders &+ 1 else { throw .invalid("headers") }
        guard unsafe HeaderRules.statusCode(statusLine) == status else { throw .invalid("status") }
        headers = reader
    }

    /// The next header; call it `headerCount` times.
    public mutating func nextHeader() throws(WireError) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)
    {
        let nameLength = try Int(headers.integer(UInt32.self))
        let valueLength = try Int(headers.integer(UInt32.self))
        return unsafe (try headers.take(nameLength), try headers.take(valueLength))
    }
}

/// Encodes a response head into a buffer: `init`, then `header` for each header.
public struct ResponseHeadEncoder: ~Copyable {
    /// Offset of the head in the buffer.
    let start: Int
    private var count: UInt16 = 0

    /// Begins a head at the buffer's end.
    public init(into buffer: inout ByteBuffer, status: Int, statusLine: UnsafeRawBufferPointer) {
        start = buffer.count
        buffer.append(UInt16(truncatingIfNeeded: status))
        buffer.append(UInt16(0))
        buffer.append(UInt32(truncatingIfNeeded: statusLine.count))
        buffer.append(Int64(-1))
        unsafe buffer.append(statusLine)
    }

    /// Appends a header. Returns false if there are already `ResponseHead.mostHeaders`.
    public mutating func header(
        name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, into buffer: inout ByteBuffer
    ) -> Bool {
        guard count < ResponseHead.mostHeaders else { return false }
        unsafe buffer.append(pair: name, value)
        count = count &+ 1
        buffer.set(count, at: start &+ 2)
        return true
    }

    /// Sets the declared length of the body.
    public func setContentLength(_ length: Int64, into buffer: inout ByteBuffer) {
        buffer.set(length, at: start &+ 8)
    }
}

extension ResponseHeadEncoder {
    /// Appends a header of an application, if it follows the rules.
    ///
    /// - Parameter declaredLength: The value of the Content-Length so far, or -1; a Content-Length sets it.
    /// - Returns: The defect of the header, in which case nothing has been appended.
    public mutating func header(
        checking name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, declaredLength: inout Int64,
        into buffer: inout ByteBuffer
    ) -> HeaderRules.Fault? {
        guard unsafe HeaderRules.isToken(name) else { return .name }
        guard unsafe HeaderRules.isFieldValue(value) else { return .value }
        guard unsafe !HeaderRules.isHopByHop(name) else { return .hopByHop }
        // Leaves room for the Content-Length, which an application need not set.
        guard buffer.count &- start &+ name.count &+ value.count < Frame.maximumText - 64 else { return .size }
        var text = unsafe value
        if unsafe HeaderRules.isContentLength(name) {
            guard let length = unsafe HeaderRules.contentLength(value),
                unsafe declaredLength < 0 || declaredLength == length.value
            else { return .contentLength }
            declaredLength = unsafe length.value
            unsafe text = length.digits
        }
        return unsafe header(name: name, value: text, into: &buffer) ? nil : .count
    }
}
