internal import CPython

extension Object {
    /// `getattr(self, name)`; `nil` with a Python exception set.
    public func attribute(_ name: StaticString) -> Reference? {
        unsafe Reference(PyObject_GetAttrString(pointer, name.cString))
    }

    /// `getattr(self, name, None)`: `nil` without an exception if the attribute is missing, `nil` with a Python
    /// exception set if the lookup raised another one.
    public func optionalAttribute(_ name: StaticString) -> Reference? {
        if let found = attribute(name) { return found }
        if PythonError.matches(WSGI_ATTRIBUTE_ERROR) { PyErr_Clear() }
        return nil
    }

    /// `setattr(self, name, value)`; false with a Python exception set.
    @discardableResult
    public func set(_ name: StaticString, _ value: borrowing Reference) -> Bool {
        unsafe PyObject_SetAttrString(pointer, name.cString, value.object.pointer) == 0
    }

    /// `self()`.
    public func call() -> Reference? { unsafe Reference(PyObject_CallNoArgs(pointer)) }
    /// `self(one)`.
    public func call(_ one: Object) -> Reference? { unsafe Reference(wsgi_call1(pointer, one.pointer)) }
    /// `self(one, two)`.
    public func call(_ one: Object, _ two: Object) -> Reference? {
        unsafe Reference(wsgi_call2(pointer, one.pointer, two.pointer))
    }
    /// `self(one, two, three)`.
    public func call(_ one: Object, _ two: Object, _ three: Object) -> Reference? {
        unsafe Reference(wsgi_call3(pointer, one.pointer, two.pointer, three.pointer))
    }

    /// The item of a list or tuple, borrowed; `nil` without an exception if there is none.
    public func item(_ index: Int) -> Object? {
        let found = unsafe isList ? PyList_GetItem(pointer, index) : PyTuple_GetItem(pointer, index)
        if unsafe found == nil { PyErr_Clear() }
        return unsafe Object(found)
    }

    /// The number of items of a list or tuple.
    public var count: Int { unsafe isList ? PyList_Size(pointer) : PyTuple_Size(pointer) }

    /// The contents of a bytes object, valid while it lives.
    public var bytes: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: PyBytes_AsString(pointer), count: PyBytes_Size(pointer))
    }

    /// A str as a Swift string, for messages. Characters that cannot be encoded become "?".
    public var text: String {
        var length = 0
        if isText, let utf8 = unsafe PyUnicode_AsUTF8AndSize(pointer, &length) {
            return unsafe String(decoding: UnsafeRawBufferPointer(start: utf8, count: length), as: UTF8.self)
        }
        PyErr_Clear()
        guard isText, let encoded = unsafe Reference(PyUnicode_AsEncodedString(pointer, "utf-8", "backslashreplace"))
        else {
            PyErr_Clear()
            return "?"
        }
        return unsafe String(decoding: encoded.object.bytes, as: UTF8.self)
    }

    /// `repr(self)` as a Swift string, for messages.
    public var representation: String {
        guard let text = unsafe Reference(PyObject_Repr(pointer)) else {
            PyErr_Clear()
            return "?"
        }
        return text.object.text
    }

    /// The bytes of a str in latin-1, while `body` runs; `nil` with a Python exception set if it has other characters.
    public func withLatin1<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        var length = 0
        // For ASCII, the UTF-8 form is the object's own memory and has the length of the text.
        if let utf8 = unsafe PyUnicode_AsUTF8AndSize(pointer, &length), unsafe length == PyUnicode_GetLength(pointer) {
            return unsafe body(UnsafeRawBufferPointer(start: utf8, count: length))
        }
        PyErr_Clear()
        guard let encoded = unsafe Reference(PyUnicode_AsLatin1String(pointer)) else { return nil }
        return unsafe body(encoded.object.bytes)
    }
}

/// Functions that create objects. All need the GIL; `nil` with a Python exception set.
public enum Python {
    /// A str of latin-1 bytes.
    public static func text(latin1 bytes: UnsafeRawBufferPointer) -> Reference? {
        unsafe Reference(
            PyUnicode_DecodeLatin1(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, nil))
    }

    /// A str of bytes in the filesystem encoding, or of latin-1 bytes if they cannot be decoded.
    public static func text(path bytes: UnsafeRawBufferPointer) -> Reference? {
        let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        if let found = unsafe Reference(PyUnicode_DecodeFSDefaultAndSize(start, bytes.count)) { return found }
        PyErr_Clear()
        return unsafe text(latin1: bytes)
    }

    /// A str of a Swift string.
    public static func text(_ string: String) -> Reference? {
        var copy = string
        let made: PyPointer? = copy.withUTF8 { utf8 in
            unsafe PyUnicode_DecodeUTF8(
                UnsafeRawPointer(utf8.baseAddress)?.assumingMemoryBound(to: CChar.self), utf8.count, "replace")
        }
        return unsafe Reference(made)
    }

    /// An interned str.
    public static func interned(_ name: StaticString) -> Reference? {
        unsafe Reference(PyUnicode_InternFromString(name.cString))
    }

    /// A bytes object.
    public static func bytes(_ bytes: UnsafeRawBufferPointer) -> Reference? {
        unsafe Reference(
            PyBytes_FromStringAndSize(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count))
    }

    /// An int.
    public static func integer(_ value: Int64) -> Reference? { unsafe Reference(PyLong_FromLongLong(value)) }

    /// A tuple of ints.
    public static func tuple(_ values: [Int]) -> Reference? {
        guard let tuple = unsafe Reference(PyTuple_New(values.count)) else { return nil }
        for (index, value) in values.enumerated() {
            guard let item = integer(Int64(value)) else { return nil }
            _ = unsafe PyTuple_SetItem(tuple.object.pointer, index, item.take())
        }
        return tuple
    }

    /// A tuple of new references, which it takes over; `nil` with a Python exception set if one of them is `nil`.
    public static func tuple(owned values: [PyPointer?]) -> Reference? {
        guard let tuple = unsafe Reference(PyTuple_New(values.count)) else {
            for index in unsafe values.indices { unsafe Py_DecRef(values[index]) }
            return nil
        }
        var isComplete = true
        for index in unsafe values.indices {
            if unsafe values[index] == nil { isComplete = false }
            _ = unsafe PyTuple_SetItem(tuple.object.pointer, index, values[index])
        }
        guard isComplete else { return nil }
        return tuple
    }

    /// A list of str.
    public static func list(_ values: [String]) -> Reference? {
        guard let list = unsafe Reference(PyList_New(0)) else { return nil }
        for value in values {
            guard let item = text(value), unsafe PyList_Append(list.object.pointer, item.object.pointer) == 0 else {
                return nil
            }
        }
        return list
    }

    /// An imported module.
    public static func module(_ name: StaticString) -> Reference? {
        unsafe Reference(PyImport_ImportModule(name.cString))
    }
}

extension StaticString {
    /// The text as a C string: never freed, terminated by NUL.
    public var cString: UnsafePointer<CChar> {
        unsafe UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
