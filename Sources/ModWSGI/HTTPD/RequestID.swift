internal import CHTTPD
internal import Glibc
internal import Synchronization

/// The request's log id, which relates the application's records to httpd's. Made here if httpd has not needed one yet.
func requestID(of r: Request) -> CText? {
    if let known = unsafe r.pointee.log_id { return unsafe known }
    var made: CText?
    if unsafe ap_run_generate_log_id(r.pointee.connection, r, &made) != OK || made == nil {
        unsafe made = makeRequestID(in: r.pointee.pool)
    }
    unsafe r.pointee.log_id = made
    return unsafe made
}

/// Distinguishes ids that one process creates in the same microsecond.
private let requestCounter = Atomic<UInt64>(0)

private func makeRequestID(in pool: Pool?) -> CText? {
    let count = requestCounter.wrappingAdd(1, ordering: .relaxed).newValue
    var number = UInt64(bitPattern: apr_time_now()) &<< 8 ^ count ^ UInt64(UInt32(bitPattern: getpid())) &<< 42
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-" as StaticString
    guard let pool = unsafe pool, let text = unsafe apr_palloc(pool, 12)?.assumingMemoryBound(to: CChar.self) else {
        return nil
    }
    for index in 0..<11 {
        unsafe text[index] = CChar(bitPattern: alphabet.utf8Start[Int(number & 63)])
        number = number &>> 6
    }
    unsafe text[11] = 0
    return unsafe UnsafePointer(text)
}
