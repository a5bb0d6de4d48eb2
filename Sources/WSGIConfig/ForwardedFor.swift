/// The value of an `X-Forwarded-For` header: the client, then the proxies, each as the next one saw it.
///
/// Empty elements are ignored. All bytes are borrowed; nothing is allocated.
@safe public struct ForwardedFor {
    private let value: UnsafeRawBufferPointer

    /// Borrows a header's value.
    public init(_ value: UnsafeRawBufferPointer) { unsafe self.value = value }

    /// The first element; `nil` if there is none.
    public var first: UnsafeRawBufferPointer? {
        var end = 0
        return unsafe next(from: &end)
    }

    /// The element to the left of the rightmost trusted proxies; the leftmost of these proxies if there is nothing to
    /// the left of it; the last element if none is trusted.
    public func client(behind proxies: AddressList) -> UnsafeRawBufferPointer? {
        var rest = unsafe value.count
        var chosen = unsafe previous(from: &rest)
        while let element = unsafe chosen, unsafe proxies.contains(element), let further = unsafe previous(from: &rest)
        {
            unsafe chosen = unsafe further
        }
        return unsafe chosen
    }

    /// Writes the elements, separated by `, `, into `buffer`, which must have room for twice the bytes of the value.
    ///
    /// - Returns: The number of bytes written.
    public func write(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var (position, count) = (0, 0)
        while let element = unsafe next(from: &position) {
            let separator = count > 0 ? 2 : 0
            guard let start = element.baseAddress, let target = buffer.baseAddress,
                count &+ separator &+ element.count <= buffer.count
            else { break }
            if separator > 0 {
                unsafe buffer[count] = UInt8(ascii: ",")
                unsafe buffer[count &+ 1] = UInt8(ascii: " ")
            }
            unsafe (target + (count &+ separator)).copyMemory(from: start, byteCount: element.count)
            count = count &+ separator &+ element.count
        }
        return count
    }

    private func next(from position: inout Int) -> UnsafeRawBufferPointer? {
        while unsafe position < value.count {
            let start = position
            while unsafe position < value.count, unsafe value[position] != UInt8(ascii: ",") { position &+= 1 }
            let element = unsafe trimmed(start, position)
            position &+= 1
            if unsafe !element.isEmpty { return unsafe element }
        }
        return nil
    }

    /// The element that ends before `position`, which becomes its start; `nil` at the beginning.
    private func previous(from position: inout Int) -> UnsafeRawBufferPointer? {
        while position >= 0 {
            let end = position
            while position > 0, unsafe value[position &- 1] != UInt8(ascii: ",") { position &-= 1 }
            let element = unsafe trimmed(position, end)
            position &-= 1
            if unsafe !element.isEmpty { return unsafe element }
        }
        return nil
    }

    private func trimmed(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
        var (start, end) = (start, end)
        while start < end, unsafe Self.isSpace(value[start]) { start &+= 1 }
        while end > start, unsafe Self.isSpace(value[end &- 1]) { end &-= 1 }
        return unsafe UnsafeRawBufferPointer(rebasing: value[start..<max(start, end)])
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
