internal import CPython
internal import PythonRuntime
internal import WSGICore

/// The functions of `mod_wsgi` that return numbers. `metrics.py` names them; the functions here return them without names.
///
/// `server_metrics()` needs httpd's scoreboard, of which no process that runs Python has a copy yet: `serverNumbers` is
/// the place where it will come in, for embedded mode through `wsgi_host`, for daemon mode through the worker's spec.
enum Metrics {
    /// Registers the part. After the module `mod_wsgi`, which it adds names to.
    static func register() { _ = unsafe HostPart.register(prepare: prepare) }

    private static func prepare(_ interpreter: Interpreter) -> Bool {
        guard let spec = unsafe ProcessState.current?.pointee.spec, let names = PythonSource.metrics.run(),
            let module = Python.module("mod_wsgi"), let install = names.object("install"),
            let arguments = unsafe Python.tuple(
                owned: [
                    module.object.retained.take(), Python.integer(Int64(max(spec.threadsPerProcess, 1)))?.take(),
                    Python.integer(processStart)?.take(), PyCFunction_NewEx(methods.pointer, nil, nil),
                    PyCFunction_NewEx(methods.pointer + 1, nil, nil), PyCFunction_NewEx(methods.pointer + 2, nil, nil),
                    PyCFunction_NewEx(methods.pointer + 3, nil, nil),
                ])
        else { return false }
        return unsafe Reference(PyObject_CallObject(install.pointer, arguments.object.pointer)) != nil
    }

    /// When the process began to run Python, in microseconds since 1970.
    private static let processStart = wsgi_wall_clock_microseconds()

    @safe private struct Definitions: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<PyMethodDef>
    }

    private static let methods = unsafe Definitions(
        pointer: Method.table([
            Method("start_recording") { _, _, _ in
                RequestRecording.start()
                return unsafe Object.none.retained.take()
            },
            unsafe Method("take_interval") { _, _, _ in unsafe Metrics.intervalNumbers() },
            unsafe Method("process_numbers") { _, _, _ in unsafe Metrics.processNumbers() },
            unsafe Method("server_numbers") { _, _, _ in unsafe Metrics.serverNumbers() },
        ]))

    /// httpd's scoreboard; None: it is not available.
    private static func serverNumbers() -> PyPointer? { unsafe Object.none.retained.take() }

    /// The requests of the threads: all, those that have ended, their time, and each thread.
    private static func processNumbers() -> PyPointer? {
        let all = ThreadRegistry.threads
        return unsafe tuple([
            integer(Int64(all.endedRequests)), integer(all.endedBusy),
            tuple(
                all.running.map {
                    unsafe tuple([
                        integer(Int64($0.thread)), integer(Int64($0.requests)), integer($0.busy), integer($0.since),
                    ])
                }),
        ])
    }

    /// The interval of `RequestRecording`; None: nothing is recorded.
    private static func intervalNumbers() -> PyPointer? {
        guard RequestRecording.isOn else { return unsafe Object.none.retained.take() }
        let interval = RequestRecording.take()
        let cpu = ThreadTimes.ofProcess
        return unsafe tuple([
            integer(interval.start), integer(wsgi_wall_clock_microseconds()), integer(Int64(interval.count)),
            integer(cpu.user - interval.cpu.user), integer(cpu.system - interval.cpu.system),
            tuple(interval.times.map { unsafe numbers(of: $0) }), integer(Int64(interval.waits)),
            integer(Int64(interval.reads)), integer(interval.bytesRead), integer(Int64(interval.writes)),
            integer(interval.bytesWritten), tuple(interval.statuses.map { unsafe integer(Int64($0)) }),
            tuple(
                interval.threads.map { thread, summary in
                    unsafe tuple([
                        integer(Int64(thread)), integer(Int64(summary.completed)), integer(summary.busy),
                        integer(summary.cpu), integer(summary.longest),
                    ])
                }),
        ])
    }

    private static func numbers(of times: TimeSummary) -> PyPointer? {
        unsafe tuple([
            integer(Int64(times.count)), PyFloat_FromDouble(times.sum), integer(times.count == 0 ? 0 : times.least),
            integer(times.most), tuple(times.buckets.map { unsafe integer(Int64($0)) }),
        ])
    }

    private static func integer(_ value: Int64) -> PyPointer? { unsafe Python.integer(value)?.take() }

    private static func tuple(_ values: [PyPointer?]) -> PyPointer? { unsafe Python.tuple(owned: values)?.take() }
}
