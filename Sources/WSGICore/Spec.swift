/// A record that one process writes and another process reads.
///
/// Its fields are listed once. Encoding, decoding and the fingerprint follow from the list.
public protocol Spec: SpecValue {
    /// A spec with every field at its default.
    init()
    /// Every stored property, in declaration order. A test compares the two.
    static var fields: [SpecField<Self>] { get }
}

extension Spec {
    /// The fields with their layouts, one per line.
    public static var layout: String {
        "{\n" + fields.map { "\"\($0.name)\": \($0.property.layout)" }.joined(separator: ",\n") + "\n}"
    }

    /// Writes the fields in their order.
    public func write(to writer: inout some SpecWriter & ~Copyable) {
        for field in Self.fields { field.property.write(of: self, to: &writer) }
    }

    /// Reads the fields in their order.
    public static func read<Reader: SpecReader>(from reader: inout Reader) throws(Reader.Failure) -> Self {
        var spec = Self()
        for field in fields { try field.property.read(into: &spec, from: &reader) }
        return spec
    }
}

/// A field of a spec: a row of its list.
public struct SpecField<Root>: Sendable {
    /// The name of the property.
    public let name: StaticString
    /// The property, with its type erased.
    let property: any SpecProperty<Root>

    /// The row of a property.
    public static func field<Value: SpecValue>(
        _ name: StaticString, _ path: any WritableKeyPath<Root, Value> & Sendable
    ) -> SpecField {
        SpecField(name: name, property: TypedProperty(path: path))
    }
}

/// A property of `Root`, of any type that can be written.
protocol SpecProperty<Root>: Sendable {
    associatedtype Root
    var layout: String { get }
    func write(of root: Root, to writer: inout some SpecWriter & ~Copyable)
    func read<Reader: SpecReader>(into root: inout Root, from reader: inout Reader) throws(Reader.Failure)
}

/// A property whose type is known.
private struct TypedProperty<Root, Value: SpecValue>: SpecProperty {
    let path: any WritableKeyPath<Root, Value> & Sendable

    var layout: String { Value.layout }

    func write(of root: Root, to writer: inout some SpecWriter & ~Copyable) {
        root[keyPath: path].write(to: &writer)
    }

    func read<Reader: SpecReader>(into root: inout Root, from reader: inout Reader) throws(Reader.Failure) {
        root[keyPath: path] = try Value.read(from: &reader)
    }
}
