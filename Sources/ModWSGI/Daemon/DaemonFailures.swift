internal import CHTTPD
internal import CSystem
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore
internal import WSGIWire

/// Failures of a request on its way to a worker and back: the status, and the record for the log.
extension DaemonHandler {
    /// The rejection of a request that got no thread.
    func rejection(_ error: ClaimError) -> Rejection {
        let subject = "Process group '\(group.name)'"
        switch error {
        case .stopping:
            return Rejection(
                HTTP_SERVICE_UNAVAILABLE, .info, .connectFailed,
                "\(subject): httpd stops, or its configuration no longer contains the group; the request was not started."
            ).retried(after: 0)
        case .unavailable:
            return limited(
                HTTP_SERVICE_UNAVAILABLE, .connectFailed,
                "\(subject) has no running process, because its last starts failed. They are repeated. An earlier message "
                    + "about the group gives the reason, in the error log of the server or virtual host that contains its "
                    + "WSGIDaemonProcess."
            ).retried(after: 0)
        case .late(let wait):
            let seconds = Rejection.seconds(wait)
            return overload(
                "the request would wait about \(seconds) s; the limit is \(limits.inTime) s (\(limitName))", wait)
        case .overload(let wait):
            let expected =
                wait.map { "; a request that waited would be served after about \(Rejection.seconds($0)) s" } ?? ""
            return overload(
                "the group is overloaded (clients wait too long or disconnect before they are served)\(expected)",
                wait ?? 0)
        case .queueFull:
            return overload(
                "no thread became free within \(group.settings.connectTimeout) s (connect-timeout), and "
                    + "\(group.settings.backlog) or more requests wait before this one (listen-backlog)", 0)
        case .nested:
            return limited(
                HTTP_SERVICE_UNAVAILABLE, .nestedRequest,
                "\(subject): all threads are busy, and this request is part of the response to another one (an include "
                    + "or an error document), which holds a thread until this one is done: its response is larger than "
                    + "response-buffer-size, or its application still reads the request. Raise threads= or "
                    + "response-buffer-size=."
            ).retried(after: 0)
        case .timeout:
            let isQueueTimeout = group.settings.queueTimeout > 0 && limits.hard == group.settings.queueTimeout
            return limited(
                HTTP_GATEWAY_TIME_OUT, isQueueTimeout ? .queueTimeout : .responseTimeout,
                "\(subject): no thread became free within \(limits.hard) s\(isQueueTimeout ? " (queue-timeout)" : ""); "
                    + "raise processes= or threads=, or find out what keeps the application busy.")
        case .clientGone:
            unsafe chttpd_give_up(r)
            return Rejection(
                OK, .info, .clientGone,
                "\(subject): the client disconnected while its request waited for a thread; "
                    + "the request was not started.")
        }
    }

    /// The option that sets the limit of the wait.
    // cold: text of a record
    private var limitName: String { group.settings.queueTimeout > 0 ? "queue-timeout" : "connect-timeout" }

    /// The rejection of a request because all threads are busy.
    // cold: text of a record
    private func overload(_ reason: @autoclosure () -> String, _ wait: Int) -> Rejection {
        limited(
            HTTP_SERVICE_UNAVAILABLE, .queueFull,
            "Process group '\(group.name)': all threads are busy: \(reason()). Raise processes= or threads=, or find out "
                + "what keeps the application busy."
        ).retried(after: wait)
    }

    /// The rejection of a request that no worker keeps.
    func givenUp(attempts: Int) -> Rejection {
        limited(
            HTTP_SERVICE_UNAVAILABLE, .reloadRejections,
            "Process group '\(group.name)': \(attempts) attempts to hand the request to a worker failed: its workers are "
                + "replaced all the time, or return each request. See the messages about the group before this one."
        ).retried(after: 0)
    }

    /// A rejection for a reason that may apply to thousands of requests: each group logs one record a second.
    // cold: text of a record
    private func limited(_ status: Int32, _ id: LogID, _ text: @autoclosure () -> String) -> Rejection {
        let count = choice.queue(group).countRejected()
        guard count > 0 else { return Rejection(status, withoutRecord: id) }
        let others = count > 1 ? " \(count) requests were rejected since the last such message." : ""
        return Rejection(status, id, text() + others)
    }

    /// The rejection of a request for which no connection could be made.
    func connectRejection(_ failure: DaemonConnection.Failure, _ claim: SlotChoice.Claim) -> Rejection {
        guard case .timeout = failure else {
            return limited(
                HTTP_SERVICE_UNAVAILABLE, .connectFailed,
                "Process group '\(group.name)': cannot connect to its process at '\(claim.slot.path)': "
                    + "\(reason(failure)). httpd's user must own the socket and be able to enter its directory; set "
                    + "WSGISocketPrefix to choose another place.")
        }
        return limited(
            HTTP_SERVICE_UNAVAILABLE, .queueFull,
            "Process group '\(group.name)': the connection queue of '\(claim.slot.path)' stayed full for "
                + "\(group.settings.connectTimeout) s (connect-timeout). Raise listen-backlog= (and net.core.somaxconn), "
                + "processes= or threads=.")
    }

    /// The connection failed after the application may have been entered: the request is never sent again.
    mutating func failure(_ failure: DaemonConnection.Failure, _ claim: SlotChoice.Claim) -> Rejection {
        if case .invalid(let fault) = failure { return violation(fault, claim) }
        let (id, status): (LogID, Int32) =
            switch failure {
            case .timeout: (.responseTimeout, HTTP_GATEWAY_TIME_OUT)
            case .closed, .retry: (.workerGone, HTTP_BAD_GATEWAY)
            case .system, .invalid: (.workerReadFailed, HTTP_BAD_GATEWAY)
            }
        let isCommitted = sink.isCommitted
        let rest = isCommitted ? "the response is incomplete and was cut off" : "the request is not repeated"
        return Rejection(
            isCommitted ? cutOff() : status, isCommitted ? .responseBroken : id,
            "Process group '\(group.name)': \(reason(failure)) while slot \(claim.slot.index), generation "
                + "\(claim.generation), ran the request [\(identity)]; \(rest).")
    }

    /// The worker violated the protocol: the request and the connection end.
    private mutating func violation(_ fault: AnswerOrder.Fault, _ claim: SlotChoice.Claim) -> Rejection {
        let isCommitted = sink.isCommitted
        let status = isCommitted ? cutOff() : HTTP_BAD_GATEWAY
        let count = claim.slot.countViolation(at: .now)
        guard count > 0 else { return Rejection(status, withoutRecord: .responseMalformed) }
        let others = count > 1 ? " There were \(count) such responses since the last such message." : ""
        let rest = isCommitted ? "the response is incomplete and was cut off" : "httpd returns 502"
        return Rejection(
            status, .responseMalformed,
            "Process group '\(group.name)': slot \(claim.slot.index), generation \(claim.generation), sent an "
                + "invalid response to the request [\(identity)]: \(fault.rawValue); \(rest). Either the versions of "
                + "httpd's module and of the engine differ (stop and start httpd after an upgrade), or code of the "
                + "application writes to descriptors that it does not own.\(others)")
    }

    /// The rejection of a request because descriptors that the workers have sent cannot be closed.
    func cloggedRejection(_ claim: SlotChoice.Claim) -> Rejection {
        let count = claim.slot.countViolation(at: .now)
        guard count > 0 else { return Rejection(HTTP_SERVICE_UNAVAILABLE, withoutRecord: .responseMalformed) }
        return Rejection(
            HTTP_SERVICE_UNAVAILABLE, .responseMalformed,
            "Process group '\(group.name)': its processes have sent \(WSGI_MOST_CLOSING) or more "
                + "invalid descriptors that cannot be closed, such as sockets that linger or files of FUSE; this httpd "
                + "process sends the group no more requests until they are closed (\(count) were rejected). Find out "
                + "which code of the application writes to descriptors that it does not own.")
    }

    /// Logs how many bytes of the application's log output were left out.
    func reportOmitted(_ bytes: Int) {
        unsafe Log.request(
            r, .error, .logOmitted,
            "Process group '\(group.name)': \(bytes) bytes that the request [\(identity)] wrote to the error log were "
                + "left out: a request may log \(LogAllowance.atOnce >> 20) MiB at once, and then "
                + "\(LogAllowance.perSecond >> 20) MiB per second.")
    }

    /// Logs that a header of the response is too long.
    func report(headerTooLong length: Int) {
        unsafe Log.request(
            r, .error, .headerTooLong,
            "Process group '\(group.name)': a header of the response has \(length) bytes, and header-buffer-size is "
                + "\(group.settings.longestHeader); raise it in the group's WSGIDaemonProcess.")
    }

    /// Cuts the response off, or returns an error status if nothing has been sent yet.
    mutating func cutOff() -> Int32 {
        guard sink.isCommitted else { return HTTP_INTERNAL_SERVER_ERROR }
        sink.cut()
        return OK
    }

    /// The request's id, which is also in the worker's records.
    private var identity: String { unsafe string(requestID(of: r)) }  // cold: text of a record

    private func reason(_ failure: DaemonConnection.Failure) -> String {  // cold: text of a record
        switch failure {
        case .timeout: "no data was transferred for \(group.settings.socketTimeout) s (socket-timeout)"
        case .closed, .retry: "the connection was closed"
        case .system(let error): SystemError.reason(error)
        case .invalid(let fault): fault.rawValue
        }
    }
}
