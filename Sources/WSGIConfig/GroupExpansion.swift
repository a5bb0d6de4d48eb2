/// The values of a request that a group expression can refer to.
///
/// All bytes are borrowed and must stay valid until the evaluation returns.
public protocol ExpansionSource {
    /// The `ServerName` of the request's server.
    var serverName: UnsafeRawBufferPointer { get }
    /// The host of the request; empty if there is none.
    var hostName: UnsafeRawBufferPointer { get }
    /// The server's port.
    var port: UInt16 { get }
    /// The request's URI without its path info.
    var scriptName: UnsafeRawBufferPointer { get }
    /// Whether script names that differ in the case of ASCII letters are equal.
    var ignoresCase: Bool { get }
    /// The value of `%{ENV:name}`, from the request's notes, its environment or the process's; `nil` if not set.
    func variable(_ name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer?
}

extension GroupExpression {
    /// Writes the value for a request into `buffer` and returns its length; `nil` if it does not fit.
    ///
    /// Nothing is allocated.
    public func write(
        for request: some ExpansionSource, into buffer: UnsafeMutableRawBufferPointer
    ) -> Int? {
        var out = unsafe Composer(buffer)
        unsafe text.withBytes { text in
            guard kind == .environment else { return unsafe compose(kind, text, request, &out) }
            let name = unsafe UnsafeRawBufferPointer(rebasing: text[variableName])
            guard let value = unsafe request.variable(name) else { return unsafe unresolved(text, &out) }
            unsafe expandOnce(value, request, &out)
        }
        return out.length
    }

    /// A variable's value may itself be a variable, but not another `%{ENV:}`.
    private func expandOnce(
        _ value: UnsafeRawBufferPointer, _ request: some ExpansionSource, _ out: inout Composer
    ) {
        guard unsafe value.first == UInt8(ascii: "%") else { return unsafe out.append(value) }
        guard role == .group else { return unsafe unresolved(value, &out) }
        if unsafe Self.matches(value[...], "%{GLOBAL}") { return }
        let inner: Kind =
            if unsafe Self.matches(value[...], "%{RESOURCE}") {
                .resource
            } else if unsafe Self.matches(value[...], "%{SERVER}") {
                .server
            } else if unsafe Self.matches(value[...], "%{HOST}") {
                .host
            } else {
                .literal
            }
        unsafe compose(inner, value, request, &out)
    }

    private func compose(
        _ kind: Kind, _ literal: UnsafeRawBufferPointer, _ request: some ExpansionSource,
        _ out: inout Composer
    ) {
        switch kind {
        case .literal, .environment: unsafe out.append(literal)
        case .server: unsafe out.append(server: request.serverName, port: request.port)
        case .host:
            let host = unsafe request.hostName
            unsafe out.append(server: host.isEmpty ? request.serverName : host, port: request.port)
        // The caller knows if it is the main interpreter.
        case .resource, .auto:
            unsafe out.append(server: request.serverName, port: request.port)
            out.append(byte: UInt8(ascii: "|"))
            unsafe out.append(scriptName: request.scriptName, ignoresCase: request.ignoresCase)
        }
    }

    private func unresolved(_ text: UnsafeRawBufferPointer, _ out: inout Composer) {
        switch role {
        case .group: unsafe out.append(text)
        case .callableObject: out.append("application")
        }
    }

    private static func matches(_ value: Slice<UnsafeRawBufferPointer>, _ text: StaticString) -> Bool {
        unsafe value.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}

/// Writes into memory of a fixed size and records an overflow.
@safe private struct Composer {
    private let buffer: UnsafeMutableRawBufferPointer
    private var count = 0
    private var isFull = false

    init(_ buffer: UnsafeMutableRawBufferPointer) { unsafe self.buffer = buffer }

    /// The number of bytes written; `nil` after an overflow.
    var length: Int? { isFull ? nil : count }

    mutating func append(byte: UInt8) {
        guard unsafe count < buffer.count else {
            isFull = true
            return
        }
        unsafe buffer[count] = byte
        count &+= 1
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        guard unsafe bytes.count <= buffer.count &- count, let target = unsafe buffer.baseAddress else {
            isFull = true
            return
        }
        unsafe (target + count).copyMemory(from: start, byteCount: bytes.count)
        count &+= bytes.count
    }

    mutating func append(_ text: StaticString) {
        unsafe append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(server: UnsafeRawBufferPointer, port: UInt16) {
        unsafe append(server)
        guard port != 80 && port != 443 else { return }
        append(byte: UInt8(ascii: ":"))
        var divisor: UInt16 = 10000
        while divisor > 1 && port < divisor { divisor /= 10 }
        while divisor > 0 {
            append(byte: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: port / divisor % 10))
            divisor /= 10
        }
    }

    mutating func append(scriptName: UnsafeRawBufferPointer, ignoresCase: Bool) {
        var isAfterSlash = false
        for index in scriptName.indices {
            let byte = unsafe scriptName[index]
            let isSlash = byte == UInt8(ascii: "/")
            let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            if !(isSlash && isAfterSlash) { append(byte: ignoresCase && isUpper ? byte | 0x20 : byte) }
            isAfterSlash = isSlash
        }
    }
}
