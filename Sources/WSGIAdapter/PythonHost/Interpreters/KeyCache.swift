internal import CPython
internal import PythonRuntime

/// The keys of environs, from httpd's bytes to interned str, each with its last value: most values of a request equal
/// those of the previous request.
///
/// Bounded, because clients choose the names of headers. Needs the GIL of its interpreter.
@safe struct KeyCache {
    private static let capacity = 1024
    private static let mostKeys = 512
    private static let longestKey = 64
    private static let longestValue = 128

    /// How the value of a key becomes a str, and whether it may be kept.
    enum Kind { case text, path, secret }

    /// A known key and its last value.
    @safe struct Entry {
        let key: PyPointer
        let bytes: UnsafeRawBufferPointer
        let kind: Kind
        /// The last value as str, owned, and as bytes; `nil`: there is none, or it must not be kept.
        var value: PyPointer?
        var valueBytes: UnsafeMutableRawPointer?
        var valueCount = 0
    }

    /// The address of an entry, which never moves.
    typealias EntryPointer = UnsafeMutablePointer<Entry>

    private let entries: UnsafeMutablePointer<EntryPointer?>
    private let count: UnsafeMutablePointer<Int>

    /// An empty cache.
    static func make() -> KeyCache {
        let entries = UnsafeMutablePointer<EntryPointer?>.allocate(capacity: capacity)
        unsafe entries.initialize(repeating: nil, count: capacity)
        let count = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        unsafe count.initialize(to: 0)
        return unsafe KeyCache(entries: entries, count: count)
    }

    /// `dictionary[key] = value`, both made of bytes, for a key that is not known; false with a Python exception set.
    func set(unknown key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, in dictionary: PyPointer) -> Bool {
        guard let name = unsafe Python.text(latin1: key), let text = unsafe KeyCache.text(value, KeyCache.kind(key))
        else { return false }
        return unsafe PyDict_SetItem(dictionary, name.object.pointer, text.object.pointer) == 0
    }

    /// The key's last value, borrowed, if its bytes are the same.
    func known(_ entry: EntryPointer, _ value: UnsafeRawBufferPointer) -> PyPointer? {
        guard let known = unsafe entry.pointee.value, unsafe entry.pointee.valueCount == value.count else { return nil }
        guard let bytes = unsafe entry.pointee.valueBytes, let start = value.baseAddress else {
            return unsafe known
        }
        return unsafe wsgi_bytes_equal(bytes, start, value.count) ? known : nil
    }

    /// `dictionary[key] = value` with a value other than the last; false with a Python exception set.
    func set(_ entry: EntryPointer, new value: UnsafeRawBufferPointer, in dictionary: PyPointer) -> Bool {
        let kind = unsafe entry.pointee.kind
        guard let text = unsafe KeyCache.text(value, kind) else { return false }
        let done = unsafe PyDict_SetItem(dictionary, entry.pointee.key, text.object.pointer) == 0
        if kind != .secret && value.count <= KeyCache.longestValue {
            unsafe keep(value, text.take(), at: entry)
        }
        return done
    }

    private func keep(_ bytes: UnsafeRawBufferPointer, _ text: PyPointer, at entry: EntryPointer) {
        let memory =
            unsafe entry.pointee.valueBytes
            ?? UnsafeMutableRawPointer.allocate(byteCount: KeyCache.longestValue, alignment: 8)
        if let start = bytes.baseAddress { unsafe memory.copyMemory(from: start, byteCount: bytes.count) }
        let former = unsafe entry.pointee.value
        unsafe entry.pointee.valueBytes = unsafe memory
        unsafe entry.pointee.valueCount = bytes.count
        unsafe entry.pointee.value = unsafe text
        unsafe Py_DecRef(former)
    }

    /// The key's entry, created if there is room; `nil`: the key is not cached.
    func find(_ key: UnsafeRawBufferPointer) -> EntryPointer? {
        var index = unsafe KeyCache.hash(key)
        while true {
            let slot = unsafe entries + (index & (KeyCache.capacity &- 1))
            guard let entry = unsafe slot.pointee else { return unsafe insert(key, at: slot) }
            if unsafe Text.equal(entry.pointee.bytes, key) { return unsafe entry }
            index = index &+ 1
        }
    }

    private func insert(_ key: UnsafeRawBufferPointer, at slot: UnsafeMutablePointer<EntryPointer?>) -> EntryPointer? {
        guard unsafe key.count <= KeyCache.longestKey && count.pointee < KeyCache.mostKeys,
            let text = unsafe Python.text(latin1: key)
        else {
            PyErr_Clear()
            return nil
        }
        var name: PyPointer? = unsafe text.take()
        unsafe PyUnicode_InternInPlace(&name)
        guard let interned = unsafe name else { return nil }
        let entry = EntryPointer.allocate(capacity: 1)
        unsafe entry.initialize(to: Entry(key: interned, bytes: Text.immortal(key), kind: KeyCache.kind(key)))
        unsafe slot.pointee = unsafe entry
        unsafe count.pointee += 1
        return unsafe entry
    }

    /// Both ends and the length distinguish the usual names. Names chosen to collide cost a comparison or two.
    private static func hash(_ key: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = UInt64(truncatingIfNeeded: key.count) &* 0x9E37_79B9_7F4A_7C15
        if key.count >= 8 {
            hash ^= unsafe key.loadUnaligned(fromByteOffset: key.count &- 8, as: UInt64.self)
            hash = hash &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
            hash ^= unsafe key.loadUnaligned(fromByteOffset: key.count / 2 &- 4, as: UInt64.self)
        } else {
            for index in 0..<key.count { hash = unsafe (hash ^ UInt64(key[index])) &* 0x100_0000_01B3 }
        }
        hash = hash &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: hash >> 40)
    }

    private static func text(_ value: UnsafeRawBufferPointer, _ kind: Kind) -> Reference? {
        unsafe kind == .path ? Python.text(path: value) : Python.text(latin1: value)
    }

    private static func kind(_ key: UnsafeRawBufferPointer) -> Kind {
        let paths: [StaticString] = ["DOCUMENT_ROOT", "SCRIPT_FILENAME"]
        let secrets: [StaticString] = ["HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_PROXY_AUTHORIZATION"]
        for name in paths where unsafe Text.equal(UnsafeRawBufferPointer(name), key) { return .path }
        for name in secrets where unsafe Text.equal(UnsafeRawBufferPointer(name), key) { return .secret }
        return .text
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes of a literal.
    init(_ text: StaticString) {
        unsafe self.init(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
