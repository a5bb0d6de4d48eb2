import WSGIWire

/// What has been accepted of an answer, and what must hold for it.
private struct Accepted {
    let number: UInt16
    let bodyFollows: Bool
    var kinds: [Frame.Kind] = []
    var declared: Int64 = -1
    var body: Int64 = 0
    var hintBytes = 0
    var hasBodyEnded = false

    func count(_ kind: Frame.Kind) -> Int { kinds.filter { $0 == kind }.count }

    /// Whether a frame may come next; told without any state but what has come.
    func allows(_ header: Frame.Header) -> Bool {
        let (kind, hasHead) = (header.kind, kinds.contains(.head))
        guard header.detail == number, !kinds.contains(where: { [.end, .error, .cut, .reload].contains($0) }) else {
            return false
        }
        switch kind {
        case .head: return !hasHead
        case .hints:
            return !hasHead && count(.hints) < AnswerOrder.mostHints
                && hintBytes + header.length <= AnswerOrder.mostHintBytes
        case .data:
            let isWithin = declared < 0 || body + Int64(header.length) <= declared
            return hasHead && !kinds.contains(.file) && isWithin
        case .file: return hasHead && !kinds.contains(.file) && !kinds.contains(.data)
        case .end: return hasHead
        case .reload: return !kinds.contains { $0 != .log }
        case .go: return bodyFollows && !hasBodyEnded
        case .log: return (2...15).contains(header.flags & 0x7F)
        case .error, .cut: return true
        case .request, .body, .bodyEnd, .abort: return false
        }
    }
}

/// A frame is accepted exactly when what came before it allows it.
func fuzzAnswerOrder(_ bytes: [UInt8]) throws {
    var input = Input(bytes)
    var accepted = Accepted(number: UInt16(input.byte()), bodyFollows: input.byte() & 1 == 1)
    var order = AnswerOrder(of: accepted.number, bodyFollows: accepted.bodyFollows)
    while !input.isEmpty {
        guard let kind = Frame.Kind(rawValue: input.byte()) else { continue }
        let (flags, detail) = (input.byte(), UInt16(input.byte()))
        let header = Frame.Header(kind: kind, length: Int(input.byte()) << 12, flags: flags, detail: detail)
        let isAllowed = accepted.allows(header)
        do { try order.take(header) } catch {
            try require(!isAllowed, "\(kind) after \(accepted.kinds) is accepted")
            return
        }
        try require(isAllowed, "\(kind) after \(accepted.kinds) is refused")
        accepted.kinds.append(kind)
        switch kind {
        case .head:
            let (status, size) = (Int(input.byte()) << 2, Int64(input.byte()))
            let length = size == 255 ? -1 : size << 11 - 2048
            let isPossible = status >= 200 && length >= -1
            do { try order.take(status: status, contentLength: length) } catch {
                return try require(!isPossible, "a head is accepted")
            }
            try require(isPossible, "an impossible head is refused")
            accepted.declared = length
        case .file:
            let length = Int64(input.byte()) << 11 - 2048
            let isWithin = length >= 0 && (accepted.declared < 0 || length <= accepted.declared)
            do { try order.take(bytes: length) } catch { return try require(!isWithin, "a file is accepted") }
            try require(isWithin, "a file beyond the length is refused")
            accepted.body += length
        case .error:
            let status = Int(input.byte()) << 2
            do { try order.take(errorStatus: status) } catch {
                return try require(!(400...599).contains(status), "a status of an error is accepted")
            }
            try require((400...599).contains(status), "no other status is")
        case .data: accepted.body += Int64(header.length)
        case .hints: accepted.hintBytes += header.length
        case .go where flags & 1 == 1:
            order.bodyEnded()
            accepted.hasBodyEnded = true
        default: break
        }
        try require(accepted.declared < 0 || accepted.body <= accepted.declared, "no byte beyond the length")
    }
}
