internal import CPython
internal import PythonRuntime

/// Memory for bytes of unknown number: as many as the request declares, up to 16 MiB, and then as many as arrive; never as
/// many as were asked for. Needs the GIL.
@safe struct Gathering: ~Copyable {
    var count = 0
    private let limit: Int
    private var capacity: Int
    /// A bytes object of `capacity`, as many as there will probably be: the result, if it gets full.
    private var object: PyPointer?
    /// The memory where it was outgrown.
    private var memory: UnsafeMutablePointer<UInt8>?

    /// The longest body whose declared length is believed. Memory that is not written to costs nothing.
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

    /// Whether there are as many bytes as were expected, and no memory has been made for more.
    var isAsExpected: Bool { unsafe object != nil && count == capacity }

    /// Where the next bytes go, at least one; `nil`: no memory.
    mutating func room() -> (start: UnsafeMutablePointer<UInt8>, count: Int)? {
        if unsafe memory == nil, unsafe object == nil {
            unsafe object = PyBytes_FromStringAndSize(nil, capacity)
        } else if count == capacity {
            guard grow(to: min(limit, capacity &* 2)) else { return nil }
        }
        guard let start = unsafe start else { return nil }
        return unsafe (start + count, capacity &- count)
    }

    /// Appends bytes; false: no memory.
    mutating func append(_ start: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        let isEmpty = unsafe memory == nil && object == nil
        if capacity &- count < length || isEmpty {
            // No more than `limit`: the room that is left is read into.
            let wanted = max(isEmpty ? capacity : capacity &* 2, count &+ length)
            guard grow(to: max(min(limit, wanted), count &+ length)) else { return false }
        }
        guard let place = unsafe self.start else { return false }
        unsafe (place + count).update(from: start, count: length)
        count &+= length
        return true
    }

    private var start: UnsafeMutablePointer<UInt8>? {
        if let memory = unsafe memory { return unsafe memory }
        guard let object = unsafe object, let text = unsafe PyBytes_AsString(object) else { return nil }
        return unsafe UnsafeMutableRawPointer(text).assumingMemoryBound(to: UInt8.self)
    }

    /// Makes room in memory of its own; false: there is none.
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

    /// What was gathered, as bytes.
    mutating func bytes() -> PyPointer? {
        if isAsExpected, let whole = unsafe object {
            unsafe object = nil
            return unsafe whole
        }
        return unsafe Python.bytes(UnsafeRawBufferPointer(start: start, count: count))?.take()
    }
}
