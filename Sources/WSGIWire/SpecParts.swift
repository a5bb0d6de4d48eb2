internal import WSGICore

/// The smaller parts of the specs.
extension SpecCodec {
    static func encodeVariable(_ variable: EnvironmentChange, _ buffer: inout ByteBuffer) {
        buffer.append(string: variable.name)
        buffer.append(byte: variable.value == nil ? 0 : 1)
        buffer.append(string: variable.value ?? "")
    }

    static func decodeVariable(_ reader: inout ByteReader) throws(WireError) -> EnvironmentChange {
        let name = try reader.string()
        let hasValue = try flag(&reader)
        let value = try reader.string()
        return EnvironmentChange(name, hasValue ? value : nil)
    }

    static func encodeLimits(_ limits: LimitSpec, _ buffer: inout ByteBuffer) {
        for number in [limits.priority, limits.cpuTime, limits.mostCPUTime, limits.data, limits.addressSpace] {
            buffer.append(Int64(number))
        }
    }

    static func decodeLimits(_ reader: inout ByteReader) throws(WireError) -> LimitSpec {
        var limits = LimitSpec()
        limits.priority = try int(&reader)
        limits.cpuTime = try int(&reader)
        limits.mostCPUTime = try int(&reader)
        limits.data = try int(&reader)
        limits.addressSpace = try int(&reader)
        return limits
    }

    static func encodePython(_ python: PythonSpec, _ buffer: inout ByteBuffer) {
        buffer.append(byte: python.dontWriteBytecode ? 1 : 0)
        append(python.warnings, to: &buffer) { $1.append(string: $0) }
        buffer.append(Int64(python.optimize))
        buffer.append(string: python.hashSeed)
        buffer.append(string: python.eggCache)
    }

    static func decodePython(_ reader: inout ByteReader) throws(WireError) -> PythonSpec {
        var python = PythonSpec()
        python.dontWriteBytecode = try flag(&reader)
        python.warnings = try list(&reader, string)
        python.optimize = try int(&reader)
        python.hashSeed = try reader.string()
        python.eggCache = try reader.string()
        return python
    }

    static func encodeInterpreter(_ spec: InterpreterSpec, _ buffer: inout ByteBuffer) {
        append(spec.pythonPath, to: &buffer) { $1.append(string: $0) }
        for flag in [spec.restrictsStdin, spec.restrictsStdout, spec.restrictsSignal, spec.hasOwnGIL] {
            buffer.append(byte: flag ? 1 : 0)
        }
        buffer.append(spec.switchInterval.bitPattern)
    }

    static func decodeInterpreter(_ reader: inout ByteReader) throws(WireError) -> InterpreterSpec {
        var spec = InterpreterSpec()
        spec.pythonPath = try list(&reader, string)
        spec.restrictsStdin = try flag(&reader)
        spec.restrictsStdout = try flag(&reader)
        spec.restrictsSignal = try flag(&reader)
        spec.hasOwnGIL = try flag(&reader)
        spec.switchInterval = try Double(bitPattern: reader.integer())
        return spec
    }

    static func encodeNamedInterpreter(_ named: NamedInterpreterSpec, _ buffer: inout ByteBuffer) {
        buffer.append(string: named.applicationGroup)
        encodeInterpreter(named.interpreter, &buffer)
    }

    static func decodeNamedInterpreter(_ reader: inout ByteReader) throws(WireError) -> NamedInterpreterSpec {
        try NamedInterpreterSpec(reader.string(), decodeInterpreter(&reader))
    }
}
