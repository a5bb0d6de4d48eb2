internal import CHTTPD
internal import CSharedMemory
internal import CSystem
internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// What can go wrong with a request on its way to a worker and back: the record in the log, and the status.
extension DaemonHandler {
    func refuse(_ refusal: SlotChoice.Refusal) -> Int32 {
        switch refusal {
        case .unavailable where MPM.isStopping:
            unsafe Log.request(
                r, .info, .connectFailed,
                "Process group '\(group.name)': httpd is stopping; the request was not started.")
        case .unavailable:
            unsafe Log.request(
                r, .error, .connectFailed,
                "Process group '\(group.name)' has no running process: none could be started. An earlier record about the "
                    + "group gives the reason, in the error log of the server or virtual host that contains its "
                    + "WSGIDaemonProcess.")
        case .late(let wait):
            report("the request would wait about \(seconds(wait)) s; the limit is \(limits.inTime) s (\(limitName))")
            return retry(after: wait)
        case .overload(let wait):
            let expected = wait.map { "; a request that waited would be served after about \(seconds($0)) s" } ?? ""
            report("the group is overloaded, clients wait too long or leave before they are served\(expected)")
            return retry(after: wait ?? 0)
        case .queueFull:
            report(
                "no thread became free within \(group.settings.connectTimeout) s (connect-timeout), and \(group.settings.backlog) "
                    + "requests or more wait before this one (listen-backlog)")
            return retry(after: 0)
        case .nested:
            unsafe Log.request(
                r, .error, .nestedRequest,
                "Process group '\(group.name)': all threads are busy, and this request is a part of the response to another "
                    + "one (an include, or an error document), which keeps a thread until this one is done: its response is "
                    + "larger than response-buffer-size, or its application still reads the request. Raise threads= or "
                    + "response-buffer-size=.")
            return retry(after: 0)
        case .timeout:
            let isQueueTimeout = group.settings.queueTimeout > 0 && limits.hard == group.settings.queueTimeout
            unsafe Log.request(
                r, .error, isQueueTimeout ? .queueTimeout : .responseTimeout,
                "Process group '\(group.name)': no thread became free within \(limits.hard) s"
                    + "\(isQueueTimeout ? " (queue-timeout)" : ""); raise processes= or threads=, or find out what keeps the "
                    + "application busy.")
            return HTTP_GATEWAY_TIME_OUT
        case .clientGone:
            unsafe Log.request(
                r, .info, .clientGone,
                "Process group '\(group.name)': the client went away while its request waited for a thread; the request "
                    + "was not started.")
            unsafe chttpd_give_up(r)
            return OK
        }
        return retry(after: 0)
    }

    /// The answer to a request that is to come again in so many milliseconds.
    private func retry(after milliseconds: Int) -> Int32 {
        let text = unsafe copy("\(seconds(milliseconds))", into: r.pointee.pool)
        unsafe apr_table_setn(r.pointee.err_headers_out, "Retry-After", text)
        return HTTP_SERVICE_UNAVAILABLE
    }

    /// Whole seconds, at least one.
    private func seconds(_ milliseconds: Int) -> Int {
        max(1, milliseconds / 1_000 &+ (milliseconds % 1_000 > 0 ? 1 : 0))
    }

    /// Which option says what is in time.
    private var limitName: String { group.settings.queueTimeout > 0 ? "queue-timeout" : "connect-timeout" }

    /// Says why requests are refused, once a second for each group: there may be thousands of them.
    private func report(_ reason: String) {
        let count = unsafe wsgi_queue_count_refused(choice.board, group.index)
        guard count > 0 else { return }
        let others = count > 1 ? " \(count) requests were refused since the last such record." : ""
        unsafe Log.request(
            r, .error, .queueFull,
            "Process group '\(group.name)': all threads are busy: \(reason). Raise processes= or threads=, or find out "
                + "what keeps the application busy.\(others)")
    }

    func connectFailed(_ failure: DaemonConnection.Failure, _ claim: SlotChoice.Claim) -> Attempt {
        switch failure {
        case .retry: return .retry(isEarly: true)
        case .timeout:
            unsafe Log.request(
                r, .error, .queueFull,
                "Process group '\(group.name)': the connection queue of '\(claim.slot.path)' stayed full for "
                    + "\(group.settings.connectTimeout) s (connect-timeout). Raise listen-backlog= (and net.core.somaxconn), processes= "
                    + "or threads=.")
        case .closed, .system, .invalid:
            unsafe Log.request(
                r, .error, .connectFailed,
                "Process group '\(group.name)': cannot connect to its process at '\(claim.slot.path)': "
                    + "\(reason(failure)). httpd's user must own the socket and be able to enter its directory; set "
                    + "WSGISocketPrefix to choose another place.")
        }
        return .answered(.status(HTTP_SERVICE_UNAVAILABLE))
    }

    /// The connection failed after the application may have been entered: never sent again.
    mutating func failed(_ failure: DaemonConnection.Failure, _ claim: SlotChoice.Claim) -> Int32 {
        if case .invalid(let fault) = failure { return violated(fault, claim) }
        let (id, status): (LogID, Int32) =
            switch failure {
            case .timeout: (.responseTimeout, HTTP_GATEWAY_TIME_OUT)
            case .closed, .retry: (.workerGone, HTTP_BAD_GATEWAY)
            case .system, .invalid: (.workerReadFailed, HTTP_BAD_GATEWAY)
            }
        let whole =
            sink.isCommitted ? "the response is incomplete, the client sees it cut" : "the request is not repeated"
        unsafe Log.request(
            r, .error, sink.isCommitted ? .responseBroken : id,
            "Process group '\(group.name)': \(reason(failure)) while slot \(claim.slot.index), generation "
                + "\(claim.generation), ran the request [\(identity)]; \(whole).")
        return sink.isCommitted ? cutOff() : status
    }

    /// The worker has sent what no worker sends: the request and the connection end.
    private mutating func violated(_ fault: AnswerOrder.Fault, _ claim: SlotChoice.Claim) -> Int32 {
        let count = claim.slot.countViolation(at: .now)
        if count > 0 {
            let others = count > 1 ? " There were \(count) such answers since the last such record." : ""
            let whole = sink.isCommitted ? "the response is incomplete, the client sees it cut" : "httpd answers 502"
            unsafe Log.request(
                r, .error, .responseMalformed,
                "Process group '\(group.name)': slot \(claim.slot.index), generation \(claim.generation), has answered the "
                    + "request [\(identity)] as no worker does: \(fault.rawValue); \(whole). Either httpd's module and "
                    + "the engine are of different versions (stop and start httpd after an upgrade), or code of the "
                    + "application writes to descriptors that are not its own.\(others)")
        }
        guard sink.isCommitted else { return HTTP_BAD_GATEWAY }
        return cutOff()
    }

    /// What the workers have sent cannot be closed.
    func refuseClogged(_ claim: SlotChoice.Claim) -> Int32 {
        let count = claim.slot.countViolation(at: .now)
        if count > 0 {
            unsafe Log.request(
                r, .error, .responseMalformed,
                "Process group '\(group.name)': \(WSGI_MOST_CLOSING) times or more its processes have sent descriptors that no "
                    + "worker sends and that cannot be closed, as sockets that linger or files of FUSE; this process of httpd "
                    + "sends it no more requests until they are (\(count) were refused). Find out which code of the "
                    + "application writes to descriptors that are not its own.")
        }
        return HTTP_SERVICE_UNAVAILABLE
    }

    /// Says how much of what the application has logged was left out.
    func reportOmitted(_ bytes: Int) {
        unsafe Log.request(
            r, .error, .logOmitted,
            "Process group '\(group.name)': \(bytes) bytes that the request [\(identity)] has written to the error log "
                + "were left out: a request may log \(LogAllowance.atOnce >> 20) MiB at once, and then "
                + "\(LogAllowance.perSecond >> 20) MiB per second.")
    }

    /// The head is not acceptable.
    mutating func headerTooLong(_ length: Int, _ reader: inout FrameReader) -> Attempt {
        reader.poison()
        unsafe Log.request(
            r, .error, .headerTooLong,
            "Process group '\(group.name)': a header of the response has \(length) bytes, and header-buffer-size is "
                + "\(group.settings.longestHeader); raise it in the group's WSGIDaemonProcess.")
        return .answered(.status(HTTP_INTERNAL_SERVER_ERROR))
    }

    /// Makes the client see a cut response, or an error if it has not seen anything yet.
    mutating func cutOff() -> Int32 {
        guard sink.isCommitted else { return HTTP_INTERNAL_SERVER_ERROR }
        sink.cut()
        return OK
    }

    func bodyFailed(_ error: Int64) -> Int32 {
        unsafe logBodyFailure(error, of: r)
        return bodyFailureStatus(error)
    }

    /// The request's id, which the worker's records name as well.
    private var identity: String { unsafe string(requestID(of: r)) }

    private func reason(_ failure: DaemonConnection.Failure) -> String {
        switch failure {
        case .timeout: "nothing was sent for \(group.settings.socketTimeout) s (socket-timeout)"
        case .closed, .retry: "the connection was closed"
        case .system(let error): SystemError.reason(error)
        case .invalid(let fault): fault.rawValue
        }
    }
}
