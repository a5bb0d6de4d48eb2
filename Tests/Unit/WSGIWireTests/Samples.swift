import WSGICore
import WSGIWire

/// Numbers that look random and are the same in every run (SplitMix64).
struct Generator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Bytes of any value, in a length of the range.
    mutating func bytes(_ count: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: count, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    /// Bytes that resemble a message: small numbers in 1, 2, 4 and 8 bytes.
    mutating func plausibleBytes(_ count: ClosedRange<Int>) -> [UInt8] {
        let wanted = Int.random(in: count, using: &self)
        var result: [UInt8] = []
        while result.count < wanted {
            let value = UInt8.random(in: 0...8, using: &self)
            let width = [1, 2, 4, 8].randomElement(using: &self) ?? 1
            result += [value] + [UInt8](repeating: value == 8 ? 0xFF : 0, count: width - 1)
        }
        return Array(result.prefix(wanted))
    }
}

/// What `write` appends to a fresh buffer.
func encoded(_ write: (inout ByteBuffer) -> Void) -> [UInt8] {
    var buffer = ByteBuffer()
    write(&buffer)
    return unsafe Array(buffer.bytes)
}

/// Lends bytes that end where their memory ends, so that a read beyond them is an error for the sanitizer.
func lend<Result: ~Copyable>(
    _ bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) throws -> Result
) rethrows -> Result {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { unsafe copy.deallocate() }
    unsafe copy.copyBytes(from: bytes)
    return try unsafe body(UnsafeRawBufferPointer(copy))
}

/// A copy of lent bytes.
func array(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { unsafe Array(bytes) }

/// Specs in which every value is another one, lists have two items, and flags are all on or all off.
struct SampleReader: SpecReader {
    let flags: Bool
    private var last = 100

    /// A spec of this type.
    static func sample<Sample: Spec>(_ type: Sample.Type = Sample.self, flags: Bool = true) -> Sample {
        var reader = SampleReader(flags: flags)
        return Sample.read(from: &reader)
    }

    private init(flags: Bool) { self.flags = flags }

    mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) throws(Never) -> Number {
        last += 1
        return Number(truncatingIfNeeded: last)
    }

    mutating func string() throws(Never) -> String {
        last += 1
        return "té\(last)"
    }

    mutating func flag() throws(Never) -> Bool { flags }
    mutating func count() throws(Never) -> Int { 2 }
}
