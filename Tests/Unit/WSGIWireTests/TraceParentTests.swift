import Testing
import WSGIWire

struct TraceParentTests {
    static let traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
    static let valid = "00-\(traceID)-00f067aa0ba902b7-01"

    static func traceID(of header: String) -> String? {
        var header = header
        return header.withUTF8 { bytes in
            unsafe TraceParent.traceID(of: UnsafeRawBufferPointer(bytes)).map {
                unsafe String(decoding: $0, as: UTF8.self)
            }
        }
    }

    @Test(arguments: [
        valid, "00-\(traceID)-00f067aa0ba902b7-00", "00-\(traceID)-00f067aa0ba902b7-ff",
        "01-\(traceID)-00f067aa0ba902b7-01", "cc-\(traceID)-00f067aa0ba902b7-01-what-comes",
        "fe-\(traceID)-00f067aa0ba902b7-01-",
    ])
    func validHeader(header: String) { #expect(Self.traceID(of: header) == Self.traceID) }

    @Test(arguments: [
        "", "00", "00-\(traceID)-00f067aa0ba902b7", "00-\(traceID)-00f067aa0ba902b7-0", valid + "-", valid + "-x",
        valid + " ",
        "01-\(traceID)-00f067aa0ba902b7-01x", "ff-\(traceID)-00f067aa0ba902b7-01", "0-\(traceID)-00f067aa0ba902b7-001",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-\(traceID)-0000000000000000-01",
        "00-\(traceID.uppercased())-00f067aa0ba902b7-01", "00-\(traceID)-00F067AA0BA902B7-01",
        "00_\(traceID)-00f067aa0ba902b7-01", "00-\(traceID)-00f067aa0ba902b7-0g", "0x-\(traceID)-00f067aa0ba902b7-01",
        "\(valid), \(valid)",
    ])
    func invalidHeader(header: String) { #expect(Self.traceID(of: header) == nil) }

    @Test(
        arguments: [
            ((0x4bf9_2f35_77b3_4da6, 0xa3ce_929d_0e0e_4736, 0x00f0_67aa_0ba9_02b7), valid),
            ((0, 0, 0), "00-00000000000000000000000000000001-0000000000000001-01"),
            ((.max, 0, .max), "00-ffffffffffffffff0000000000000000-ffffffffffffffff-01"),
        ] as [((UInt64, UInt64, UInt64), String)])
    func newHeader(random: (UInt64, UInt64, UInt64), expected: String) {
        let header = unsafe String(unsafeUninitializedCapacity: TraceParent.length) {
            unsafe TraceParent.write(random, into: UnsafeMutableRawBufferPointer($0))
            return TraceParent.length
        }
        #expect(header == expected && Self.traceID(of: header) != nil)
    }
}
