public import CPython

/// A method of a type or a function of a module.
@safe public struct Method {
    /// Positional arguments as an array: the fastest way into a function.
    public typealias Fast =
        @convention(c) (PyPointer?, UnsafePointer<PyPointer?>?, Int) -> PyPointer?
    /// The same with keywords: the names in a tuple, the values after the positional arguments.
    public typealias FastWithKeywords =
        @convention(c) (PyPointer?, UnsafePointer<PyPointer?>?, Int, PyPointer?) -> PyPointer?

    let definition: PyMethodDef

    /// A function of positional arguments.
    public init(_ name: StaticString, _ function: @escaping Fast) {
        unsafe definition = PyMethodDef(
            ml_name: name.cString, ml_meth: unsafeBitCast(function, to: PyCFunction.self),
            ml_flags: METH_FASTCALL, ml_doc: nil)
    }

    /// A function that takes keywords as well.
    public init(_ name: StaticString, keywords function: @escaping FastWithKeywords) {
        unsafe definition = PyMethodDef(
            ml_name: name.cString, ml_meth: unsafeBitCast(function, to: PyCFunction.self),
            ml_flags: METH_FASTCALL | METH_KEYWORDS, ml_doc: nil)
    }

    /// The table for CPython, which keeps using it: the memory is never freed.
    public static func table(_ methods: [Method]) -> UnsafeMutablePointer<PyMethodDef> {
        let table = UnsafeMutablePointer<PyMethodDef>.allocate(capacity: methods.count + 1)
        for index in methods.indices {
            unsafe (table + index).initialize(to: methods[index].definition)
        }
        unsafe (table + methods.count).initialize(to: PyMethodDef(ml_name: nil, ml_meth: nil, ml_flags: 0, ml_doc: nil))
        return unsafe table
    }
}

/// Types that only the engine instantiates. One per interpreter; names and tables are never freed.
@safe public struct HeapType {
    /// `tp_dealloc`.
    public typealias Dealloc = @convention(c) (PyPointer?) -> Void
    /// `tp_iter` and `tp_iternext`.
    public typealias Unary = @convention(c) (PyPointer?) -> PyPointer?

    private var slots: [PyType_Slot] = unsafe []
    private let name: StaticString
    private let size: Int

    /// Describes a type; `name` is `module.Name`.
    public init(_ name: StaticString, size: Int, dealloc: Dealloc, methods: [Method]) {
        self.name = name
        self.size = size
        unsafe slots.append(
            PyType_Slot(slot: Py_tp_dealloc, pfunc: unsafeBitCast(dealloc, to: UnsafeMutableRawPointer.self)))
        unsafe slots.append(PyType_Slot(slot: Py_tp_methods, pfunc: Method.table(methods)))
    }

    /// Makes instances iterators: `next` returns the items.
    public mutating func iterates(_ next: Unary) {
        let same: Unary = { object in
            unsafe Py_IncRef(object)
            return unsafe object
        }
        unsafe slots.append(PyType_Slot(slot: Py_tp_iter, pfunc: unsafeBitCast(same, to: UnsafeMutableRawPointer.self)))
        unsafe slots.append(
            PyType_Slot(slot: Py_tp_iternext, pfunc: unsafeBitCast(next, to: UnsafeMutableRawPointer.self)))
    }

    /// Adds computed attributes.
    public mutating func attributes(_ attributes: [(name: StaticString, get: getter)]) {
        let table = unsafe UnsafeMutablePointer<PyGetSetDef>.allocate(capacity: attributes.count + 1)
        for index in unsafe attributes.indices {
            unsafe (table + index).initialize(
                to: PyGetSetDef(
                    name: attributes[index].name.cString, get: attributes[index].get, set: nil, doc: nil, closure: nil))
        }
        unsafe (table + attributes.count).initialize(
            to: PyGetSetDef(name: nil, get: nil, set: nil, doc: nil, closure: nil))
        unsafe slots.append(PyType_Slot(slot: Py_tp_getset, pfunc: table))
    }

    /// Makes the type in the current interpreter; `nil` with a Python exception set.
    public consuming func make() -> Reference? {
        unsafe slots.append(PyType_Slot(slot: 0, pfunc: nil))
        let made: PyPointer? = unsafe slots.withUnsafeMutableBufferPointer { slots in
            var spec = unsafe PyType_Spec(
                name: name.cString, basicsize: Int32(truncatingIfNeeded: size), itemsize: 0,
                flags: wsgi_internal_type_flags(), slots: slots.baseAddress)
            return unsafe PyType_FromSpec(&spec)
        }
        return unsafe Reference(made)
    }
}
