/// What specs are written to.
public protocol SpecWriter: ~Copyable {
    /// Appends a number.
    mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number)
    /// Appends a text.
    mutating func append(string: String)
    /// Appends yes or no.
    mutating func append(flag: Bool)
    /// Appends how many items follow.
    mutating func append(count: Int)
}

/// What specs are read from, in the order in which they were written.
public protocol SpecReader {
    /// Why there is no such value.
    associatedtype Failure: Error
    /// The next number.
    mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) throws(Failure) -> Number
    /// The next text.
    mutating func string() throws(Failure) -> String
    /// The next yes or no.
    mutating func flag() throws(Failure) -> Bool
    /// How many items follow. Each takes at least one byte, so a wrong count is found at the end of the bytes.
    mutating func count() throws(Failure) -> Int
}

/// A value that a field of a spec may have.
public protocol SpecValue: Equatable, Sendable {
    /// How it is written, as JSON: the name of a type; `[item]` for a list; `[value, null]` for one that may be absent;
    /// an object of the fields of a spec.
    static var layout: String { get }
    /// Writes the value.
    func write(to writer: inout some SpecWriter & ~Copyable)
    /// Reads a value.
    static func read<Reader: SpecReader>(from reader: inout Reader) throws(Reader.Failure) -> Self
}

extension SpecValue where Self: FixedWidthInteger & BitwiseCopyable {
    /// The name of the type.
    public static var layout: String { "\"\(Self.self)\"" }
    /// Writes the number.
    public func write(to writer: inout some SpecWriter & ~Copyable) { writer.append(self) }
    /// Reads a number.
    public static func read<Reader: SpecReader>(from reader: inout Reader) throws(Reader.Failure) -> Self {
        try reader.integer(Self.self)
    }
}

extension Int: SpecValue {}
extension Int64: SpecValue {}
extension UInt32: SpecValue {}
extension UInt64: SpecValue {}

extension Bool: SpecValue {
    /// The name of the type.
    public static var layout: String { "\"Bool\"" }
    /// Writes yes or no.
    public func write(to writer: inout some SpecWriter & ~Copyable) { writer.append(flag: self) }
    /// Reads yes or no.
    public static func read<Reader: SpecReader>(from reader: inout Reader) throws(Reader.Failure) -> Bool {
        try reader.flag()
    }
}

extension Double: SpecValue {
    /// The name of the type.
    public static var layout: String { "\"Double\"" }
    /// Writes the bits.
    public func write(to writer: inout some SpecWriter & ~Copyable) { writer.append(bitPattern) }
    /// Reads the bits.
    public static func read<Reader: SpecReader>(from reader: inout Reader) throws(Reader.Failure) -> Double {
        try Double(bitPattern: reader.integer(UInt64.self))
    }
}

extension String: SpecValue {
    /// The name of the type.
    public static var layout: String { "\"String\"" }
    /// Writes the text.
    public func write(to writer: inout some SpecWriter & ~Copyable) { writer.append(string: self) }
    /// Reads a text.
    public static func read<Reader: SpecReader>(from reader: inout Reader) throws(Reader.Failure) -> String {
        try reader.string()
    }
}

extension Optional: SpecValue where Wrapped: SpecValue {
    /// The layout of a value that may be absent.
    public static var layout: String { "[\(Wrapped.layout), null]" }
    /// Writes a list of one value or none.
    public func write(to writer: inout some SpecWriter & ~Copyable) { (map { [$0] } ?? []).write(to: &writer) }
    /// Reads a list of one value or none.
    public static func read<Reader: SpecReader>(from reader: inout Reader) throws(Reader.Failure) -> Wrapped? {
        try [Wrapped].read(from: &reader).first
    }
}

extension Array: SpecValue where Element: SpecValue {
    /// The layout of a list.
    public static var layout: String { "[\(Element.layout)]" }
    /// Writes how many items there are, then the items.
    public func write(to writer: inout some SpecWriter & ~Copyable) {
        writer.append(count: count)
        for item in self { item.write(to: &writer) }
    }
    /// Reads how many items there are, then the items.
    public static func read<Reader: SpecReader>(from reader: inout Reader) throws(Reader.Failure) -> [Element] {
        var items: [Element] = []
        for _ in 0..<(try reader.count()) { items.append(try Element.read(from: &reader)) }
        return items
    }
}
