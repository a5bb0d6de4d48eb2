import Testing
import WSGIWire

/// Which frame of a worker's answer may follow which, as one line each: H head, h hints, D data of one byte, Z data of
/// none, F file, L log, G go, E end, R reload, X error 500, C cut.
struct AnswerOrderTests {
    static func header(_ letter: Character) -> Frame.Header? {
        switch letter {
        case "H": Frame.Header(kind: .head, length: 16, detail: 7)
        case "h": Frame.Header(kind: .hints, length: 16, detail: 7)
        case "D": Frame.Header(kind: .data, length: 1, detail: 7)
        case "Z": Frame.Header(kind: .data, length: 0, detail: 7)
        case "F": Frame.Header(kind: .file, length: 16, detail: 7)
        case "L": Frame.Header(kind: .log, length: 1, flags: 6, detail: 7)
        case "G": Frame.Header(kind: .go, length: 4, detail: 7)
        case "E": Frame.Header(kind: .end, length: 0, detail: 7)
        case "R": Frame.Header(kind: .reload, length: 0, detail: 7)
        case "X": Frame.Header(kind: .error, length: 2, detail: 7)
        case "C": Frame.Header(kind: .cut, length: 0, detail: 7)
        default: nil
        }
    }

    /// The fault of the last frame; those before it must have none.
    static func last(_ letters: String, bodyFollows: Bool = true) throws -> AnswerOrder.Fault? {
        var order = AnswerOrder(of: 7, bodyFollows: bodyFollows)
        var fault: AnswerOrder.Fault?
        for letter in letters {
            #expect(fault == nil, "\(letters): a frame before the last one")
            let next = try #require(Self.header(letter))
            do { try order.take(next) } catch { fault = error }
        }
        return fault
    }

    @Test(arguments: [
        "HE", "HDE", "HDDDE", "HZE", "HFE", "hhHDE", "LHLDLE", "LhLHLFLE", "GHDGE", "GGhGHE", "R", "LR", "X", "LX",
        "HX", "HDX",
        "HFX", "hX", "C", "HC", "HDC",
    ])
    func accepted(letters: String) throws { #expect(try Self.last(letters) == nil) }

    @Test(arguments: [
        "D", "Z", "F", "E", "HH", "HDH", "HFH", "Hh", "HDh", "HFh", "HFD", "HFZ", "HDF", "HZF", "HFF", "HR", "HDR",
        "hR", "GR",
        "HEE", "HEL", "HEG", "HEH", "XE", "XX", "CC", "RH",
    ])
    func codeFailed(letters: String) throws { #expect(try Self.last(letters) == .order) }

    @Test(arguments: [Frame.Kind.request, .body, .bodyEnd, .abort])
    func framesOfChildren(kind: Frame.Kind) {
        var order = AnswerOrder(of: 7, bodyFollows: true)
        let fault = Self.fault { () throws(AnswerOrder.Fault) in
            try order.take(Frame.Header(kind: kind, length: 0, detail: 7))
        }
        #expect(fault == .direction)
    }

    @Test func aQuestionNeedsABody() throws {
        #expect(try Self.last("G", bodyFollows: false) == .order)
        var order = AnswerOrder(of: 7, bodyFollows: true)
        let question = try #require(Self.header("G"))
        try order.take(question)
        order.bodyEnded()
        let fault = Self.fault { () throws(AnswerOrder.Fault) in try order.take(question) }
        #expect(fault == .order)
    }

    @Test(arguments: [(0, false), (199, false), (399, false), (400, true), (599, true), (600, false), (65535, false)])
    func statusOfAnError(status: Int, isAccepted: Bool) {
        let order = AnswerOrder(of: 7, bodyFollows: false)
        let fault = Self.fault { () throws(AnswerOrder.Fault) in try order.take(errorStatus: status) }
        #expect(fault == (isAccepted ? nil : .status))
    }

    @Test(arguments: ["H", "h", "G", "L", "R", "X", "C"])
    func framesOfOtherRequests(letter: Character) throws {
        var order = AnswerOrder(of: 8, bodyFollows: true)
        let header = try #require(Self.header(letter))
        let fault = Self.fault { () throws(AnswerOrder.Fault) in try order.take(header) }
        #expect(fault == .number)
    }

    @Test(arguments: [(0, false), (103, false), (199, false), (200, true), (999, true)])
    func statusOfAHead(status: Int, isAccepted: Bool) {
        var order = AnswerOrder(of: 7, bodyFollows: false)
        let fault = Self.fault { () throws(AnswerOrder.Fault) in try order.take(status: status, contentLength: -1) }
        #expect(fault == (isAccepted ? nil : .status))
    }

    @Test(arguments: [Int64.min, -2, .max])
    func impossibleLengths(length: Int64) {
        var order = AnswerOrder(of: 7, bodyFollows: false)
        let fault = Self.fault { () throws(AnswerOrder.Fault) in try order.take(status: 200, contentLength: length) }
        #expect(fault == .head)
    }

    @Test func noByteBeyondTheDeclaredLength() throws {
        var order = AnswerOrder(of: 7, bodyFollows: false)
        try order.take(#require(Self.header("H")))
        try order.take(status: 200, contentLength: 3)
        #expect(order.isShort)
        try order.take(Frame.Header(kind: .data, length: 2, detail: 7))
        try order.take(Frame.Header(kind: .data, length: 0, detail: 7))
        try order.take(Frame.Header(kind: .data, length: 1, detail: 7))
        #expect(!order.isShort)
        let fault = Self.fault { () throws(AnswerOrder.Fault) in
            try order.take(Frame.Header(kind: .data, length: 1, detail: 7))
        }
        #expect(fault == .length)
    }

    @Test func withoutADeclaredLengthThereIsNoLimit() throws {
        var order = AnswerOrder(of: 7, bodyFollows: false)
        try order.take(#require(Self.header("H")))
        try order.take(status: 200, contentLength: -1)
        for _ in 0..<10 { try order.take(Frame.Header(kind: .data, length: Int(UInt32.max), detail: 7)) }
        #expect(!order.isShort)
        let fault = Self.fault { () throws(AnswerOrder.Fault) in try order.take(bytes: -1) }
        #expect(fault == .file)
    }

    @Test(arguments: [204, 304])
    func aLengthWithoutABodyIsNotShort(status: Int) throws {
        var order = AnswerOrder(of: 7, bodyFollows: false)
        try order.take(status: status, contentLength: 10)
        #expect(!order.isShort)
    }

    @Test func hintsEnd() throws {
        var many = AnswerOrder(of: 7, bodyFollows: false)
        for _ in 0..<AnswerOrder.mostHints { try many.take(Frame.Header(kind: .hints, length: 1, detail: 7)) }
        let fault = Self.fault { () throws(AnswerOrder.Fault) in
            try many.take(Frame.Header(kind: .hints, length: 1, detail: 7))
        }
        #expect(fault == .hints)
        var long = AnswerOrder(of: 7, bodyFollows: false)
        try long.take(Frame.Header(kind: .hints, length: AnswerOrder.mostHintBytes, detail: 7))
        let other = Self.fault { () throws(AnswerOrder.Fault) in
            try long.take(Frame.Header(kind: .hints, length: 1, detail: 7))
        }
        #expect(other == .hints)
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func levelsAreHttpds(level: UInt8) {
        var order = AnswerOrder(of: 7, bodyFollows: false)
        let header = Frame.Header(kind: .log, length: 1, flags: level, detail: 7)
        let fault = Self.fault { () throws(AnswerOrder.Fault) in try order.take(header) }
        #expect(fault == (2...15 ~= level & 0x7F ? nil : .level))
    }

    private static func fault(_ body: () throws(AnswerOrder.Fault) -> Void) -> AnswerOrder.Fault? {
        do { try body() } catch { return error }
        return nil
    }
}

struct LogAllowanceTests {
    @Test func soMuchAtOnceAndThenSoMuchASecond() {
        var allowance = LogAllowance()
        let (atOnce, perSecond) = (LogAllowance.atOnce, LogAllowance.perSecond)
        let first = [allowance.take(atOnce, at: 5_000), allowance.take(1, at: 5_000)]
        #expect(first == [true, false])
        #expect(allowance.omitted == 1)
        let later = [6_000, 6_500, 7_000].map { allowance.take(perSecond, at: $0) }
        #expect(later == [true, false, true])
        #expect(allowance.omitted == 1 + perSecond)
    }

    @Test func itNeverBecomesMore() {
        var allowance = LogAllowance()
        let taken = [
            allowance.take(1, at: 0), allowance.take(LogAllowance.atOnce, at: .max), allowance.take(1, at: .max),
            allowance.take(1, at: .min),
        ]
        #expect(taken == [true, true, false, false])
    }
}
