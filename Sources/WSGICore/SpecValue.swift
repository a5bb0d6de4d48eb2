/// A destination for specs.
public protocol SpecWriter: ~Copyable {
    /// Appends a number.
    mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number)
    /// Appends a string.
    mutating func append(string: String)
    /// Appends a Boolean value.
    mutating func append(flag: Bool)
    /// Appends the number of items that follow.
    mutating func append(count: Int)
}

/// A source of specs, which are read in the order in which they were written.
public protocol SpecReader {
    /// The error for a missing or invalid value.
    associatedtype Failure: Error
    /// The next number.
    mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) throws(Failure) -> Number
    /// The next string.
    mutating func string() throws(Failure) -> String
    /// The next Boolean value.
    mutating func flag() throws(Failure) -> Bool
    /// The number of items that follow. Each takes at least one byte, so a wrong count is detected at the end of the
    /// bytes.
    mutating func count() throws(Failure) -> Int
}

/// The type of a field of a spec.
public protocol SpecValue: Equatable, Sendable {
    /// The layout, as JSON: the name of a type, `[item]` for a list, `[value, null]` for an optional value, or an
    /// object with the fields of a spec.
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
    /// Writes the Boolean value.
    public func write(to writer: inout some SpecWriter & ~Copyable) { writer.append(flag: self) }
    /// Reads a Boolean value.
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
    /// Writes the string.
    public func write(to writer: inout some SpecWriter & ~Copyable) { writer.append(string: self) }
    /// Reads a string.
    public static func read<Reader: SpecReader>(from reader: inout Reader) throws(Reader.Failure) -> String {
        try reader.string()
    }
}

extension Optional: SpecValue where Wrapped: SpecValue {
    /// The layout of an optional value.
    public static var layout: String { "[\(Wrapped.layout), null]" }
    /// Writes a list with the value, or an empty list.
    public func write(to writer: inout some SpecWriter & ~Copyable) { (map { [$0] } ?? []).write(to: &writer) }
    /// Reads a list with at most one value.
    public static func read<Reader: SpecReader>(from reader: inout Reader) throws(Reader.Failure) -> Wrapped? {
        try [Wrapped].read(from: &reader).first
    }
}

extension Array: SpecValue where Element: SpecValue {
    /// The layout of a list.
    public static var layout: String { "[\(Element.layout)]" }
    /// Writes the number of items, then the items.
    public func write(to writer: inout some SpecWriter & ~Copyable) {
        writer.append(count: count)
        for item in self { item.write(to: &writer) }
    }
    /// Reads the number of items, then the items.
    public static func read<Reader: SpecReader>(from reader: inout Reader) throws(Reader.Failure) -> [Element] {
        var items: [Element] = []
        for _ in 0..<(try reader.count()) { items.append(try Element.read(from: &reader)) }
        return items
    }
}
