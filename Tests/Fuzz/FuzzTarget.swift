/// A decoder, and what must hold for whatever it is given.
///
/// The same functions run under libFuzzer (`make fuzz`) and, once for each file of the corpus, as unit tests.
struct FuzzTarget: Sendable {
    /// Its name: that of its folder in `corpus`, and of its program.
    let name: String
    /// Inputs to begin with whose format changes with the code, and so are made by it.
    var seeds: @Sendable () -> [[UInt8]] = { [] }
    /// Decodes an input; throws `Violation` when a property does not hold.
    let run: @Sendable ([UInt8]) throws -> Void

    /// Every target.
    static let all: [FuzzTarget] = [
        FuzzTarget(name: "addresses", run: fuzzAddresses),
        FuzzTarget(name: "answer-order", run: fuzzAnswerOrder),
        FuzzTarget(name: "configuration", run: fuzzConfiguration),
        FuzzTarget(name: "control-packet", run: fuzzControlPacket),
        FuzzTarget(name: "daemon-options", run: fuzzDaemonOptions),
        FuzzTarget(name: "environment-file", run: fuzzEnvironmentFile),
        FuzzTarget(name: "forwarded", run: fuzzForwarded),
        FuzzTarget(name: "group-expression", run: fuzzGroupExpression),
        FuzzTarget(name: "interpreter-settings", run: fuzzInterpreterSettings),
        FuzzTarget(name: "request-frames", seeds: Seeds.requestFrames, run: fuzzRequestFrames),
        FuzzTarget(name: "request-head", seeds: Seeds.requestHeads, run: fuzzRequestHead),
        FuzzTarget(name: "response-head", run: fuzzResponseHead),
        FuzzTarget(name: "response-rules", run: fuzzResponseRules),
        FuzzTarget(name: "script-alias", run: fuzzScriptAlias),
        FuzzTarget(name: "spec", seeds: Seeds.specs, run: fuzzSpec),
        FuzzTarget(name: "trace-parent", run: fuzzTraceParent),
        FuzzTarget(name: "words", run: fuzzWords),
        FuzzTarget(name: "worker-frames", run: fuzzWorkerFrames),
    ]
}

/// A property that does not hold.
struct Violation: Error, CustomStringConvertible {
    /// What should have been.
    let description: String
}

/// Demands a property.
func require(_ holds: Bool, _ property: @autoclosure () -> String) throws(Violation) {
    guard holds else { throw Violation(description: property()) }
}

/// Lends bytes that end where their memory ends, so that a read beyond them is seen by the address sanitizer.
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

/// Takes an input apart; at its end there are zeros and empty runs.
struct Input {
    private var bytes: ArraySlice<UInt8>

    /// Begins with the first byte.
    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    /// Whether everything has been taken.
    var isEmpty: Bool { bytes.isEmpty }

    /// The next byte.
    mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

    /// The next so many bytes, or what there is.
    mutating func take(_ count: Int) -> [UInt8] {
        let taken = bytes.prefix(count)
        bytes = bytes.dropFirst(count)
        return Array(taken)
    }

    /// The next bytes, as many as a byte before them says.
    mutating func run() -> [UInt8] { take(Int(byte())) }

    /// Everything up to the next zero, which is taken, too.
    mutating func text() -> [UInt8] {
        let taken = bytes.prefix { $0 != 0 }
        bytes = bytes.dropFirst(taken.count + 1)
        return Array(taken)
    }

    /// What has not been taken.
    mutating func rest() -> [UInt8] { take(bytes.count) }
}

/// The same as a text; what is not UTF-8 is replaced.
func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
