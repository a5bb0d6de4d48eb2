import WSGICore
import WSGIWire

/// What one of the specs becomes: its encoding, or the error.
private func recoded(_ bytes: some Collection<UInt8>, _ which: UInt8) -> Result<[UInt8], WireError> {
    unsafe lend(bytes) { raw in
        Result { () throws(WireError) in
            switch which % 3 {
            case 0:
                let spec = try unsafe SpecCodec.decode(raw, as: SupervisorSpec.self)
                return encoded { SpecCodec.encode(spec, into: &$0) }
            case 1:
                let spec = try unsafe SpecCodec.decode(raw, as: ProcessSpec.self)
                return encoded { SpecCodec.encode(spec, into: &$0) }
            default:
                var reader = unsafe ByteReader(raw)
                let spec = try ScriptSpec.read(from: &reader)
                return encoded { spec.write(to: &$0) }
            }
        }
    }
}

/// A spec is read back as it was written, and one that is cut is seen to be.
func fuzzSpec(_ bytes: [UInt8]) throws {
    var input = Input(bytes)
    let which = input.byte()
    let cut = Int(input.byte()) | Int(input.byte()) << 8
    let hasFingerprint = which % 3 != 2
    let spec = (hasFingerprint ? encoded { $0.append(SpecCodec.fingerprint) } : []) + input.rest()
    guard case .success(let first) = recoded(spec, which) else { return }
    // What is not UTF-8 becomes U+FFFD, three bytes for each.
    try require(first.count <= 3 * spec.count, "no more is encoded than was there")
    try require(recoded(first, which) == .success(first), "what is encoded is read back")
    try require(recoded(first.prefix(cut % first.count), which) == .failure(.truncated), "a cut spec is refused")
}
