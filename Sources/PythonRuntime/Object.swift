public import CPython

/// A Python object as CPython's functions take and return it.
public typealias PyPointer = UnsafeMutablePointer<PyObject>

/// A borrowed Python object. The owner of a reference keeps it alive while the value is in use.
///
/// All members need the GIL.
@safe public struct Object: BitwiseCopyable {
    /// The object itself; still borrowed.
    public let pointer: PyPointer

    /// Borrows an object.
    public init(_ pointer: PyPointer) { unsafe self.pointer = pointer }

    /// Borrows an object, if there is one.
    public init?(_ pointer: PyPointer?) {
        guard let pointer = unsafe pointer else { return nil }
        unsafe self.pointer = pointer
    }

    /// An owned reference to the same object.
    public var retained: Reference {
        unsafe Py_IncRef(pointer)
        return unsafe Reference(owned: pointer)
    }

    /// `None`.
    public static var none: Object { unsafe Object(wsgi_none()) }
    /// `True` or `False`.
    public static func bool(_ value: Bool) -> Object { unsafe Object(wsgi_bool(value)) }

    /// Whether it is `None`.
    public var isNone: Bool { unsafe pointer == wsgi_none() }
    /// Whether it is a list or an instance of a subclass.
    public var isList: Bool { unsafe wsgi_is_list(pointer) }
    /// Whether it is exactly a list: its `__iter__` and `close` cannot be overridden.
    public var isExactList: Bool { unsafe wsgi_is_list_exact(pointer) }
    /// Whether it is exactly a tuple.
    public var isExactTuple: Bool { unsafe wsgi_is_tuple_exact(pointer) }
    /// Whether it is a tuple or an instance of a subclass.
    public var isTuple: Bool { unsafe wsgi_is_tuple(pointer) }
    /// Whether it is bytes or an instance of a subclass.
    public var isBytes: Bool { unsafe wsgi_is_bytes(pointer) }
    /// Whether it is a str or an instance of a subclass.
    public var isText: Bool { unsafe wsgi_is_text(pointer) }
    /// Whether it is exactly a str: hashing and comparing it runs no Python code.
    public var isExactText: Bool { unsafe wsgi_is_text_exact(pointer) }
    /// Whether it is an int or an instance of a subclass.
    public var isInteger: Bool { unsafe wsgi_is_int(pointer) }

    /// Whether it is an instance of `type` or of a subclass. If the test raises, the exception is cleared and the
    /// result is false.
    public func isInstance(of type: Object) -> Bool {
        let answer = unsafe PyObject_IsInstance(pointer, type.pointer)
        if answer < 0 { PyErr_Clear() }
        return answer > 0
    }

    /// Its type's name, for messages.
    public var typeName: String {
        guard let type = unsafe Reference(PyObject_Type(pointer)), let name = type.object.attribute("__name__") else {
            PyErr_Clear()
            return "object"
        }
        return name.object.text
    }
}

/// An owned reference, released with the value. All uses need the GIL, including the release.
@safe public struct Reference: ~Copyable {
    private let pointer: PyPointer

    /// Takes over a new reference.
    public init(owned pointer: PyPointer) { unsafe self.pointer = pointer }

    /// Takes over the new reference that a function returned; `nil` with a Python exception set.
    public init?(_ pointer: PyPointer?) {
        guard let pointer = unsafe pointer else { return nil }
        unsafe self.pointer = pointer
    }

    deinit { unsafe Py_DecRef(pointer) }

    /// The object, borrowed from this reference.
    public var object: Object { unsafe Object(pointer) }

    /// Gives up ownership: for a function's result, or for storage that is released explicitly.
    public consuming func take() -> PyPointer {
        let result = unsafe pointer
        discard self
        return unsafe result
    }
}
