internal import CPython
internal import PythonRuntime

/// A buffer for an unknown number of bytes. Its size follows the length that the request declares, up to 16 MiB, and
/// then the bytes that arrive, never the size that a call requests. Needs the GIL.
@safe struct Gathering: ~Copyable {
    var count = 0
    private let limit: Int
    private var capacity: Int
    /// A bytes object of `capacity`, the expected length: the result if it fills up.
    private var object: PyPointer?
    /// The memory used once the bytes object is too small.
    private var memory: UnsafeMutablePointer<UInt8>?

    /// The longest body whose declared length is trusted. Memory that is not written to costs nothing.
    private static let mostExpected = 16 << 20

    init(limit: Int, expected: Int64) {
        self.limit = limit
        let hint = expected > 0 && expected <= Self.mostExpected ? Int(expected) : InputStream.chunk
        capacity = max(min(limit, hint), 1)
    }

    deinit {
        unsafe PyMem_Free(memory)
        unsafe Py_DecRef(object)
    }

    /// Whether all expected bytes are there and no memory was allocated for more.
    var isAsExpected: Bool { unsafe object != nil && count == capacity }

    /// Room for the next bytes, at least one; `nil`: out of memory.
    mutating func room() -> (start: UnsafeMutablePointer<UInt8>, count: Int)? {
        if unsafe memory == nil, unsafe object == nil {
            unsafe object = PyBytes_FromStringAndSize(nil, capacity)
        } else if count == capacity {
            guard grow(to: min(limit, capacity &* 2)) else { return nil }
        }
        guard let start = unsafe start else { return nil }
        return unsafe (start + count, capacity &- count)
    }

    /// Appends bytes; false: out of memory.
    mutating func append(_ start: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        let isEmpty = unsafe memory == nil && object == nil
        if capacity &- count < length || isEmpty {
            // No more than `limit`: the remaining space is used for reading.
            let wanted = max(isEmpty ? capacity : capacity &* 2, count &+ length)
            guard grow(to: max(min(limit, wanted), count &+ length)) else { return false }
        }
        guard let room = unsafe self.start else { return false }
        unsafe (room + count).update(from: start, count: length)
        count &+= length
        return true
    }

    private var start: UnsafeMutablePointer<UInt8>? {
        if let memory = unsafe memory { return unsafe memory }
        guard let object = unsafe object, let text = unsafe PyBytes_AsString(object) else { return nil }
        return unsafe UnsafeMutableRawPointer(text).assumingMemoryBound(to: UInt8.self)
    }

    /// Grows the separate memory; false: out of memory.
    private mutating func grow(to wanted: Int) -> Bool {
        let former = unsafe memory == nil ? start : nil
        guard let grown = unsafe PyMem_Realloc(memory, wanted) else { return false }
        unsafe memory = grown.assumingMemoryBound(to: UInt8.self)
        capacity = wanted
        guard let former = unsafe former else { return true }
        unsafe memory?.update(from: former, count: count)
        unsafe Py_DecRef(object)
        unsafe object = nil
        return true
    }

    /// The gathered data, as bytes.
    mutating func bytes() -> PyPointer? {
        if isAsExpected, let whole = unsafe object {
            unsafe object = nil
            return unsafe whole
        }
        return unsafe Python.bytes(UnsafeRawBufferPointer(start: start, count: count))?.take()
    }
}
