/// A text of the configuration that requests read. Access to its bytes does not allocate.
@safe public struct ConfigText: Hashable, Sendable, ExpressibleByStringLiteral {
    private let bytes: ContiguousArray<UInt8>

    /// Keeps the UTF-8 of `text`.
    public init(_ text: String) { bytes = ContiguousArray(text.utf8) }

    /// Keeps the UTF-8 of a literal.
    public init(stringLiteral text: String) { self.init(text) }

    /// The text; allocates.
    public var string: String { String(decoding: bytes, as: UTF8.self) }

    /// The number of bytes.
    public var count: Int { bytes.count }

    /// Whether the text is empty.
    public var isEmpty: Bool { bytes.isEmpty }

    /// Lends the bytes, which are not NUL-terminated and are valid within `body` only.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe bytes.withUnsafeBufferPointer { (elements) throws(Failure) in
            unsafe try body(UnsafeRawBufferPointer(elements))
        }
    }

    /// Whether the bytes are equal.
    public func equals(_ other: UnsafeRawBufferPointer) -> Bool {
        unsafe withBytes { mine in unsafe mine.elementsEqual(other) }
    }
}
