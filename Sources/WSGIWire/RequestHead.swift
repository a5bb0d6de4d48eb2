/// All of a request except its body, as the httpd child knows it. The adapter builds the environ from it.
///
/// The encoding is a fixed part, five strings, and the environ as key and value pairs. Every step is checked and may
/// throw `WireError.truncated`. All text is bytes as in httpd. The adapter decodes each once, as PEP 3333 requires.
///
/// The value borrows the encoded bytes, which must outlive it.
@safe public struct RequestHead {
    /// Facts of one bit each.
    public struct Flags: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt32
        /// A set of these bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// `WSGIScriptReloading`: compare `scriptModified` with the loaded script's.
        public static let scriptReloading = Flags(rawValue: 1 << 0)
        /// The whole body follows the environ.
        public static let bodyInline = Flags(rawValue: 1 << 1)
        /// There is a body, which GO (or `read_body`) requests.
        public static let bodyFollows = Flags(rawValue: 1 << 2)
        /// `wsgi.url_scheme` is `https`.
        public static let https = Flags(rawValue: 1 << 3)
        /// HEAD: the response is sent without its body, although the application produces one.
        public static let headersOnly = Flags(rawValue: 1 << 4)
        /// Serve with the loaded code, although the script has changed, because no successor could be started.
        public static let staleAllowed = Flags(rawValue: 1 << 5)
        /// The script has already been reloaded for this request and is not reloaded again.
        public static let reloaded = Flags(rawValue: 1 << 7)
        /// `WSGIIgnoreActivity`: the request does not reset the inactivity timer of the process.
        public static let ignoresActivity = Flags(rawValue: 1 << 8)
        /// `WSGICaseSensitivity Off`: script paths that differ only in the case of ASCII letters are the same script.
        public static let ignoresCase = Flags(rawValue: 1 << 9)
        /// `WSGIScriptReloading Rolling`: loaded code answers until its successor is ready.
        public static let rolling = Flags(rawValue: 1 << 10)
        /// No other worker can serve the request, so this worker must answer, even with an error.
        public static let lastResort = Flags(rawValue: 1 << 11)

        /// The most detailed level of the request's log records (`LogLevel`), as httpd's number, in the last four bits.
        public static func logLevel(_ level: UInt32) -> Flags { Flags(rawValue: min(level, 15) << 28) }

        /// That level; 0: unknown.
        public var logLevel: UInt32 { rawValue >> 28 }
    }

    /// Facts of one bit each.
    public let flags: Flags
    /// The declared length of the body, or -1.
    public let contentLength: Int64
    /// Modification time of the script in microseconds since 1970; 0: unknown, not compared.
    public let scriptModified: Int64
    /// When httpd received the request, in microseconds since 1970 (`mod_wsgi.request_start`).
    public let requestStart: Int64
    /// When the request was ready for a worker; 0 in embedded mode (`mod_wsgi.queue_start`).
    public let queueStart: Int64
    /// The file of the WSGI script.
    public let script: UnsafeRawBufferPointer
    /// The application group, which selects the interpreter.
    public let applicationGroup: UnsafeRawBufferPointer
    /// The callable's name in the script.
    public let callableObject: UnsafeRawBufferPointer
    /// httpd's log id of the request.
    public let requestID: UnsafeRawBufferPointer
    /// Client, method and path for display: bounded, without the contents of the query.
    public let requestLine: UnsafeRawBufferPointer
    /// The environ entries; read them with `nextEntry`.
    public let environCount: Int
    /// The body, if it is inline.
    public let body: UnsafeRawBufferPointer

    /// All encoded entries, for the hot path: each is two lengths (`UInt32`), key and value.
    public let environ: UnsafeRawBufferPointer

    private var entries: ByteReader

    /// The size of the fixed part in bytes.
    static let fixedSize = 68

    /// Decodes the fixed part and the strings, and checks that all entries lie within `bytes`.
    public init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
        var reader = unsafe ByteReader(bytes)
        flags = Flags(rawValue: try reader.integer())
        let environLength = try Int(reader.integer(UInt32.self))
        contentLength = try reader.integer()
        scriptModified = try reader.integer()
        requestStart = try reader.integer()
        queueStart = try reader.integer()
        environCount = try Int(reader.integer(UInt32.self))
        let bodyLength = try Int(reader.integer(UInt32.self))
        let lengths = try (
            Int(reader.integer(UInt32.self)), Int(reader.integer(UInt32.self)),
            Int(reader.integer(UInt32.self)), Int(reader.integer(UInt32.self)), Int(reader.integer(UInt32.self))
        )
        unsafe script = try reader.take(lengths.0)
        unsafe applicationGroup = try reader.take(lengths.1)
        unsafe callableObject = try reader.take(lengths.2)
        unsafe requestID = try reader.take(lengths.3)
        unsafe requestLine = try reader.take(lengths.4)
        unsafe environ = try reader.take(environLength)
        unsafe entries = ByteReader(environ)
        unsafe body = try reader.take(bodyLength)
        guard reader.remaining == 0 else { throw .invalid("length") }
    }

    /// The id and the line of an encoded request, without decoding the rest. `bytes` must be encoded by this process.
    @inline(__always)
    public static func texts(
        of bytes: UnsafeRawBufferPointer
    ) -> (id: UnsafeRawBufferPointer, line: UnsafeRawBufferPointer) {
        func length(_ index: Int) -> Int {
            unsafe Int(bytes.loadUnaligned(fromByteOffset: 48 &+ 4 &* index, as: UInt32.self))
        }
        let start = fixedSize &+ length(0) &+ length(1) &+ length(2)
        let end = start &+ length(3)
        return unsafe (
            UnsafeRawBufferPointer(rebasing: bytes[start..<end]),
            UnsafeRawBufferPointer(rebasing: bytes[end..<end &+ length(4)])
        )
    }

    /// The next environ entry; call it `environCount` times.
    public mutating func nextEntry() throws(WireError) -> (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        let keyLength = try Int(entries.integer(UInt32.self))
        let valueLength = try Int(entries.integer(UInt32.self))
        return unsafe (try entries.take(keyLength), try entries.take(valueLength))
    }

    /// The value of the last environ entry with this key; for keys that are rarely needed.
    public func value(of key: StaticString) -> UnsafeRawBufferPointer? {
        var rest = self
        // Independent of the position of `nextEntry`.
        rest.entries = unsafe ByteReader(environ)
        var value: UnsafeRawBufferPointer?
        for _ in 0..<environCount {
            guard let entry = unsafe try? rest.nextEntry() else { break }
            guard unsafe entry.key.count == key.utf8CodeUnitCount,
                unsafe entry.key.elementsEqual(UnsafeRawBufferPointer(start: key.utf8Start, count: entry.key.count))
            else { continue }
            unsafe value = unsafe entry.value
        }
        return unsafe value
    }
}

/// Encodes a request head into a buffer. Calls, in order: `init`, `strings`, `entry` for each entry, `finish`.
public struct RequestHeadEncoder: ~Copyable {
    private let start: Int
    private var environStart = 0
    private var environCount: UInt32 = 0

    /// Begins a head at the buffer's end.
    public init(
        into buffer: inout ByteBuffer, contentLength: Int64, scriptModified: Int64, requestStart: Int64,
        queueStart: Int64
    ) {
        start = buffer.count
        _ = unsafe buffer.append(upTo: RequestHead.fixedSize) { room in
            // All other fields are set later.
            unsafe room.storeBytes(of: contentLength, toByteOffset: 8, as: Int64.self)
            unsafe room.storeBytes(of: scriptModified, toByteOffset: 16, as: Int64.self)
            unsafe room.storeBytes(of: requestStart, toByteOffset: 24, as: Int64.self)
            unsafe room.storeBytes(of: queueStart, toByteOffset: 32, as: Int64.self)
            return RequestHead.fixedSize
        }
    }

    /// Appends the strings.
    public mutating func strings(
        script: UnsafeRawBufferPointer, applicationGroup: UnsafeRawBufferPointer,
        callableObject: UnsafeRawBufferPointer, requestID: UnsafeRawBufferPointer,
        requestLine: UnsafeRawBufferPointer, into buffer: inout ByteBuffer
    ) {
        buffer.set(UInt32(truncatingIfNeeded: script.count), at: start &+ 48)
        buffer.set(UInt32(truncatingIfNeeded: applicationGroup.count), at: start &+ 52)
        buffer.set(UInt32(truncatingIfNeeded: callableObject.count), at: start &+ 56)
        buffer.set(UInt32(truncatingIfNeeded: requestID.count), at: start &+ 60)
        buffer.set(UInt32(truncatingIfNeeded: requestLine.count), at: start &+ 64)
        unsafe buffer.append(script)
        unsafe buffer.append(applicationGroup)
        unsafe buffer.append(callableObject)
        unsafe buffer.append(requestID)
        unsafe buffer.append(requestLine)
        environStart = buffer.count
    }

    /// Appends an environ entry. Later entries with the same key take precedence.
    public mutating func entry(
        key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, into buffer: inout ByteBuffer
    ) {
        unsafe buffer.append(pair: key, value)
        environCount = environCount &+ 1
    }

    /// Ends the head. The caller then appends `bodyLength` bytes of inline body.
    public func finish(flags: RequestHead.Flags, bodyLength: Int = 0, into buffer: inout ByteBuffer) {
        buffer.set(flags.rawValue, at: start)
        buffer.set(UInt32(truncatingIfNeeded: buffer.count &- environStart), at: start &+ 4)
        buffer.set(environCount, at: start &+ 40)
        buffer.set(UInt32(truncatingIfNeeded: bodyLength), at: start &+ 44)
    }
}
