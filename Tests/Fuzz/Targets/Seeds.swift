import WSGICore
import WSGIWire

/// Inputs in formats that have no promise to stay as they are: nothing of them outlives an installation.
enum Seeds {
    /// Request heads: with everything, and with nothing.
    @Sendable static func requestHeads() -> [[UInt8]] {
        [
            head([("PATH_INFO", "/é"), ("QUERY_STRING", ""), ("", ""), ("PATH_INFO", "/last")], body: "hello"),
            head([("HTTP_X", "1")], body: ""), head([], body: ""),
        ]
    }

    /// The same in frames, and answers to GO, each behind the three bytes that `fuzzRequestFrames` takes.
    @Sendable static func requestFrames() -> [[UInt8]] {
        let requests = requestHeads().map { frame(.request, $0) }
        let answers = [
            frame(.body, Array("12345678".utf8)), frame(.bodyEnd, []), frame(.abort, [], detail: 2), frame(.end, []),
        ]
        return requests.map { [9, 2, 0] + $0 } + answers.map { [7, 7, 200] + $0 }
            + [[255, 0, 0] + requests[0] + [0], [0, 0, 0] + requests[0].dropLast()]
    }

    /// Specs behind the three bytes that `fuzzSpec` takes, without their fingerprint.
    @Sendable static func specs() -> [[UInt8]] {
        var spec = SupervisorSpec()
        spec.engine = "/usr/lib/apache2/modules/mod_wsgi/_wsgi_engine.abi3.so"
        spec.groups = [group]
        var embedded = process
        embedded.worker = nil
        let fingerprint = encoded { $0.append(SpecCodec.fingerprint) }.count
        return [
            [0, 77, 1] + encoded { SpecCodec.encode(spec, into: &$0) }.dropFirst(fingerprint),
            [0, 2, 0] + encoded { SpecCodec.encode(SupervisorSpec(), into: &$0) }.dropFirst(fingerprint),
            [1, 99, 0] + encoded { SpecCodec.encode(process, into: &$0) }.dropFirst(fingerprint),
            [1, 13, 0] + encoded { SpecCodec.encode(embedded, into: &$0) }.dropFirst(fingerprint),
            [2, 5, 0] + encoded { script.write(to: &$0) },
        ]
    }

    private static func head(_ environ: [(String, String)], body: String) -> [UInt8] {
        encoded { buffer in
            var encoder = RequestHeadEncoder(
                into: &buffer, contentLength: Int64(body.utf8.count), scriptModified: 1_700_000_000_000_001,
                requestStart: 17, queueStart: 0)
            unsafe lend("/srv/app.wsgi".utf8) { script in
                unsafe lend("example".utf8) { text in
                    unsafe encoder.strings(
                        script: script, applicationGroup: text, callableObject: text, requestID: text,
                        requestLine: text, into: &buffer)
                }
            }
            for (key, value) in environ {
                unsafe lend(key.utf8) { key in
                    unsafe lend(value.utf8) { unsafe encoder.entry(key: key, value: $0, into: &buffer) }
                }
            }
            encoder.finish(flags: [.scriptReloading], bodyLength: body.utf8.count, into: &buffer)
            unsafe lend(body.utf8) { unsafe buffer.append($0) }
        }
    }

    private static func frame(_ kind: Frame.Kind, _ payload: [UInt8], detail: UInt16 = 0) -> [UInt8] {
        encoded { Frame.append(Frame.Header(kind: kind, length: payload.count, detail: detail), to: &$0) } + payload
    }

    private static let script = ScriptSpec(path: "/srv/app.wsgi", applicationGroup: "", callableObject: "application")

    private static var process: ProcessSpec {
        var interpreter = InterpreterSpec()
        interpreter.pythonPath = ["/srv/a", "/srv/b"]
        var process = ProcessSpec()
        process.processGroup = "sité"
        process.interpreters = [NamedInterpreterSpec("b", interpreter)]
        process.python.warnings = ["error", "ignore::DeprecationWarning"]
        process.preloads = [script]
        process.worker = WorkerSpec()
        return process
    }

    private static var group: GroupSpec {
        var group = GroupSpec()
        group.name = "site"
        group.pythonArguments = ["-X", "utf8"]
        group.supplementaryGroups = [4, 24]
        group.umask = 0o27
        group.environment = [EnvironmentChange("A", "ä=b"), EnvironmentChange("B", nil)]
        group.process = process
        group.slots = [SlotSpec(index: 7, listenerDescriptor: 3)]
        return group
    }
}
