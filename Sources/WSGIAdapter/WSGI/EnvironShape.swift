internal import CPython
internal import PythonRuntime
internal import WSGIWire

/// A dict with exactly the keys of some requests: copying it and replacing values is much cheaper than filling a dict.
///
/// It also keeps values that occurred twice in a row, except secrets. Needs the GIL of its interpreter.
@safe struct EnvironShape {
    private static let mostKeys = 256

    /// The keys in the order of the request head, and the dict's value for each, borrowed from the dict.
    private let cachedKeys: UnsafeMutablePointer<KeyCache.EntryPointer>
    private let values: UnsafeMutablePointer<PyPointer?>
    private let count: Int
    private let dictionary: PyPointer
    /// The number of requests that use it: creating objects may run finalizers, which let other threads run.
    private let users: UnsafeMutablePointer<Int>

    /// Creates a shape from a request's keys; `nil`: there are too many keys, or some are not cached.
    static func make(_ head: RequestHead, _ template: EnvironTemplate, _ cache: KeyCache) -> EnvironShape? {
        guard head.environCount <= mostKeys else { return nil }
        let cachedKeys = UnsafeMutablePointer<KeyCache.EntryPointer>.allocate(capacity: max(head.environCount, 1))
        guard unsafe collect(head, cache, into: cachedKeys),
            let dictionary = unsafe Reference(PyDict_Copy(template.constant)),
            unsafe fill(dictionary.object.pointer, cachedKeys, head.environCount, template)
        else {
            unsafe cachedKeys.deallocate()
            PyErr_Clear()
            return nil
        }
        let values = UnsafeMutablePointer<PyPointer?>.allocate(capacity: max(head.environCount, 1))
        unsafe values.initialize(repeating: nil, count: head.environCount)
        let users = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        unsafe users.initialize(to: 0)
        return unsafe EnvironShape(
            cachedKeys: cachedKeys, values: values, count: head.environCount, dictionary: dictionary.take(),
            users: users)
    }

    private static func collect(
        _ head: RequestHead, _ cache: KeyCache, into cachedKeys: UnsafeMutablePointer<KeyCache.EntryPointer>
    ) -> Bool {
        var entries = EntryCursor(head)
        for index in 0..<head.environCount {
            guard let entry = unsafe entries?.entry(), let cached = unsafe cache.find(entry.key) else {
                return false
            }
            unsafe (cachedKeys + index).initialize(to: cached)
        }
        return true
    }

    private static func fill(
        _ dictionary: PyPointer, _ cachedKeys: UnsafeMutablePointer<KeyCache.EntryPointer>, _ count: Int,
        _ template: EnvironTemplate
    ) -> Bool {
        let none = unsafe Object.none.pointer
        for index in 0..<count {
            guard unsafe PyDict_SetItem(dictionary, cachedKeys[index].pointee.key, none) == 0 else { return false }
        }
        for key in EnvironKey.allCases {
            guard unsafe PyDict_SetItem(dictionary, template.keys[key.rawValue], none) == 0 else { return false }
        }
        return true
    }

    /// Whether a request has these keys, in this order.
    func fits(_ head: RequestHead) -> Bool {
        guard head.environCount == count else { return false }
        var entries = EntryCursor(head)
        for index in 0..<count {
            guard let entry = unsafe entries?.entry(),
                unsafe Text.equal(cachedKeys[index].pointee.bytes, entry.key)
            else { return false }
        }
        return true
    }

    /// An environ with the entries of a request that matches; `nil` with a Python exception set.
    func environ(_ head: RequestHead, _ cache: KeyCache) -> Reference? {
        unsafe users.pointee += 1
        defer { unsafe users.pointee -= 1 }
        guard let environ = unsafe Reference(PyDict_Copy(dictionary)) else { return nil }
        var entries = EntryCursor(head)
        for index in 0..<count {
            guard let entry = unsafe entries?.entry() else { return nil }
            let cached = unsafe cachedKeys[index]
            guard let known = unsafe cache.known(cached, entry.value) else {
                guard unsafe cache.set(cached, new: entry.value, in: environ.object.pointer) else { return nil }
                continue
            }
            if unsafe values[index] == known { continue }
            unsafe values[index] = nil
            guard unsafe PyDict_SetItem(dictionary, cached.pointee.key, known) == 0,
                unsafe PyDict_SetItem(environ.object.pointer, cached.pointee.key, known) == 0
            else { return nil }
            unsafe values[index] = unsafe known
        }
        return environ
    }

    /// Whether no request uses it.
    var isUnused: Bool { unsafe users.pointee == 0 }

    /// Frees everything. Only when it is unused.
    func discard() {
        unsafe Py_DecRef(dictionary)
        unsafe values.deallocate()
        unsafe cachedKeys.deallocate()
        unsafe users.deallocate()
    }
}

/// The last few shapes of an interpreter's requests: each client has its own set of headers.
@safe struct EnvironShapes {
    private static let capacity = 8

    private let shapes: UnsafeMutablePointer<EnvironShape?>
    private let next: UnsafeMutablePointer<Int>

    /// No shapes yet.
    static func make() -> EnvironShapes {
        let shapes = UnsafeMutablePointer<EnvironShape?>.allocate(capacity: capacity)
        unsafe shapes.initialize(repeating: nil, count: capacity)
        let next = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        unsafe next.initialize(to: 0)
        return unsafe EnvironShapes(shapes: shapes, next: next)
    }

    /// The shape of a request, created if it is new; `nil`: it has none.
    func shape(_ head: RequestHead, _ template: EnvironTemplate, _ cache: KeyCache) -> EnvironShape? {
        for index in 0..<EnvironShapes.capacity {
            guard let shape = unsafe shapes[index], shape.fits(head) else { continue }
            return shape
        }
        guard let made = EnvironShape.make(head, template, cache) else { return nil }
        let position = unsafe shapes + next.pointee
        if let former = unsafe position.pointee, !former.isUnused {
            made.discard()
            return nil
        }
        unsafe next.pointee = unsafe (next.pointee &+ 1) % EnvironShapes.capacity
        let former = unsafe position.pointee
        unsafe position.pointee = made
        former?.discard()
        return made
    }
}
