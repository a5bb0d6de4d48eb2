internal import CEngineABI
internal import CSharedMemory
internal import ProcessKit
internal import WSGIAdapter
internal import WSGICore
internal import WSGIWire

/// A request thread: waits for an event together with the others, serves one request and releases the connection.
@safe struct WorkerThread: ~Copyable {
    private let worker: Worker
    private let channel: UnsafeMutablePointer<ConnectionChannel>
    private let transport: UnsafeMutablePointer<wsgi_transport>
    private let record: UnsafeMutablePointer<wsgi_thread_record>
    /// The place where other threads find the current request.
    private let current: CurrentRequest?

    /// Starts a thread that runs until the process ends.
    static func start(_ worker: Worker, number: Int) throws(SystemError) {
        let start = Start(worker: worker, number: number)
        let context = unsafe Unmanaged.passRetained(start).toOpaque()
        unsafe try CurrentProcess.startThread(
            stackSize: worker.spec.stackSize, name: "wsgi-\(number)", context: unsafe context
        ) { context in
            guard let context = unsafe context else { return }
            unsafe WorkerThread(Unmanaged<Start>.fromOpaque(context).takeRetainedValue()).run()
        }
    }

    /// The arguments of a thread.
    private final class Start {
        let worker: Worker
        let number: Int

        init(worker: Worker, number: Int) { (self.worker, self.number) = (worker, number) }
    }

    private init(_ start: Start) {
        worker = start.worker
        unsafe record = worker.board.record(start.number - 1)
        current = RequestThread.current.map { [worker] in worker.enter($0, number: start.number - 1) }
        unsafe channel = UnsafeMutablePointer<ConnectionChannel>.allocate(capacity: 1)
        unsafe channel.initialize(to: ConnectionChannel(record))
        unsafe transport = UnsafeMutablePointer<wsgi_transport>.allocate(capacity: 1)
        unsafe transport.initialize(to: ConnectionTransport.functions(for: channel))
    }

    deinit {
        unsafe transport.deallocate()
        unsafe channel.deinitialize(count: 1)
        unsafe channel.deallocate()
    }

    private func run() {
        while true {
            switch worker.poller.wait() {
            case .ready(let token, _):
                if token == Worker.listenerToken {
                    accept()
                } else {
                    serve(Int32(truncatingIfNeeded: token))
                }
            case .timeout, .interrupted: break
            case .broken:
                // Only in a process that the application has forked and that has returned here: it has no work.
                CurrentProcess.exitAtOnce(1)
            }
        }
    }

    // MARK: - New connections

    private func accept() {
        var isOver = false
        worker.connections.beginAccepting()
        while !worker.isDraining {
            let socket = StreamSocket.accept(WorkerDescriptors.listener)
            if socket == StreamSocket.exhausted {
                WorkerLog.write(
                    WSGI_LOG_ERR, .workerSetupFailed, "There is no descriptor left for a connection from httpd.")
                Clock.sleep(milliseconds: 100)
            }
            isOver = socket == StreamSocket.ended
            if socket == StreamSocket.failed, !worker.isDraining { Clock.sleep(milliseconds: 100) }
            guard socket >= 0 else { break }
            admit(Int32(truncatingIfNeeded: socket))
        }
        // There will be no more connections, and the poller would report that endlessly.
        if !isOver { listenAgain() }
        worker.connections.endAccepting()
        worker.noteEnd()
    }

    /// Waits for the next connection. If that fails, this thread tries again, because no other thread would.
    private func listenAgain() {
        while !worker.poller.change(WorkerDescriptors.listener, .nextInput, token: Worker.listenerToken),
            !worker.isDraining
        {
            Clock.sleep(milliseconds: 100)
        }
    }

    private func admit(_ socket: Int32) {
        guard worker.admission.mayConnect(socket), worker.connections.enter(socket) else {
            StreamSocket.end(socket)
            return
        }
        CurrentProcess.guardFromForks(socket, true)
        StreamSocket.setTimeouts(socket, seconds: worker.spec.socketTimeout)
        StreamSocket.setBuffers(socket, send: worker.spec.sendBufferSize, receive: worker.spec.receiveBufferSize)
        dismiss(worker.connections.offer(socket))
        do {
            try worker.poller.add(socket, .nextInput, token: UInt64(UInt32(bitPattern: socket)))
        } catch {
            // Nothing was read from it, so its request is repeated.
            if worker.connections.takeNew(socket) { turnAway(socket) }
        }
        drainIfNeeded(socket)
    }

    /// Closes a connection that has not been introduced in time.
    private func dismiss(_ socket: Int32) {
        guard worker.connections.takeNew(socket) else { return }
        worker.admission.reportSilence(of: socket)
        turnAway(socket)
    }

    /// Closes a connection that is not served. An httpd child then opens another one, because it learns that nothing of
    /// its request was read.
    private func turnAway(_ socket: Int32) { worker.leave(socket, hasUnread: true) }

    /// Takes an idle connection if it begins, or has begun, with the secret.
    private func take(_ socket: Int32) -> Bool {
        switch worker.connections.take(socket) {
        case .introduced: break
        case .new:
            guard worker.admission.introduce(socket) else {
                turnAway(socket)
                return false
            }
        case nil: return false
        }
        begin(socket)
        return true
    }

    // MARK: - Connections

    private func serve(_ socket: Int32) {
        guard take(socket) else { return }
        if worker.isDraining {
            serveLast(socket)
            return
        }
        guard unsafe channel.pointee.receiveRequest(), runRequest() else {
            close(socket)
            return
        }
        if worker.isDraining {
            serveLast(socket)
            return
        }
        worker.connections.giveBack(socket)
        if !worker.poller.change(socket, .nextInput, token: UInt64(UInt32(bitPattern: socket))) {
            // No thread would see the next request on it.
            worker.closeIdle(socket)
            return
        }
        drainIfNeeded(socket)
    }

    /// The main thread may have searched for idle connections just before this one became idle.
    private func drainIfNeeded(_ socket: Int32) {
        guard worker.isDraining, take(socket) else { return }
        serveLast(socket)
    }

    /// Used while the worker drains: no more data is received, a complete request is served, then the connection is
    /// closed.
    ///
    /// A request whose body is still to come stays unread: its child can no longer send, gets ECONNRESET and knows that
    /// the application was not called.
    private func serveLast(_ socket: Int32) {
        StreamSocket.shutDownReading(socket)
        if worker.isUseless {
            unsafe channel.pointee.leaveUnread()
        } else if unsafe channel.pointee.peekIsComplete(), unsafe channel.pointee.receiveRequest() {
            _ = runRequest()
        }
        close(socket)
    }

    private func close(_ socket: Int32) {
        unsafe worker.leave(socket, hasUnread: channel.pointee.hasUnread)
    }

    private func begin(_ connection: Int32) {
        unsafe channel.pointee.begin(connection)
        current?.socket.value = connection
    }

    /// Runs the received request. False: the connection is no longer usable.
    private func runRequest() -> Bool {
        guard let head = unsafe try? RequestHead(channel.pointee.request) else { return false }
        // If there is no successor, the child insists.
        let insists = head.flags.contains(.staleAllowed) || head.flags.contains(.lastResort)
        guard worker.admits(insists: insists) else {
            unsafe channel.pointee.handBack()
            return false
        }
        current?.number.value = unsafe Int32(channel.pointee.number)
        let counts = !head.flags.contains(.ignoresActivity)
        let now = Clock.nanoseconds()
        unsafe wsgi_record_begin(
            record, head.requestID.baseAddress, head.requestID.count, head.requestLine.baseAddress,
            head.requestLine.count, now)
        worker.beginRequest(at: now, countsAsActivity: counts)
        if worker.isUseless {
            unsafe channel.pointee.handBack()
            unsafe worker.giveBackRequest(wasCut: !wsgi_record_end(record))
            return false
        }
        let outcome = unsafe Adapter.run(channel.pointee.request, transport)
        if CurrentProcess.isForked { CurrentProcess.exitAtOnce(1) }
        let reusable = unsafe channel.pointee.conclude(outcome)
        let wasCut = unsafe !wsgi_record_end(record)
        worker.endRequest(wasCut: wasCut, countsAsActivity: counts)
        if wasCut { worker.returnLost() }
        return reusable && !wasCut
    }
}
