/// Records that are kept for a `StartFailure` instead of being written. One thread at a time uses it.
@safe struct FailureReport {
    let lines: UnsafeMutablePointer<[String]>

    /// Calls `body` with an empty report. Returns the result and the records written to the report.
    static func collect<Result>(_ body: (FailureReport) -> Result) -> (result: Result, lines: [String]) {
        let lines = UnsafeMutablePointer<[String]>.allocate(capacity: 1)
        unsafe lines.initialize(to: [])
        defer {
            unsafe lines.deinitialize(count: 1)
            unsafe lines.deallocate()
        }
        let result = body(unsafe FailureReport(lines: lines))
        return (result, unsafe lines.pointee)
    }

    /// Adds a record.
    func append(_ text: String) { unsafe lines.pointee.append(text) }
}
