internal import CHTTPD
internal import WSGIConfig
internal import WSGICore

extension InterpreterPlan {
    /// Logs interpreter settings that no installed Python supports.
    ///
    /// A free-threaded Python has no stable ABI. The engine is built for the stable ABI and cannot run in it.
    func warn(_ owner: String, _ log: Server) {
        if wantsFreeThreading {
            unsafe Log.server(
                log, .warning, .freeThreadingUnavailable,
                "\(owner): WSGIFreeThreading is On, but this module does not run in a free-threaded Python. Its Python "
                    + "keeps the GIL.")
        }
        for location in partialFreeThreading {
            unsafe Log.server(
                log, .warning, .freeThreadingPartial,
                "\(location): WSGIFreeThreading is ignored in a section with application-group=: a Python process "
                    + "runs without the GIL as a whole or not at all.")
        }
    }
}
