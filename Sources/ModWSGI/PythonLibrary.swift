internal import CSystem
internal import Glibc
internal import ProcessKit
internal import WSGICore

/// Finds the shared library of a Python by asking that Python, in a process without httpd's rights.
enum PythonLibrary {
    /// What Python is asked: its version, then the places where its library may be.
    private static let question = """
        import sys, sysconfig
        get = sysconfig.get_config_var
        names = [get('INSTSONAME'), get('LDLIBRARY')]
        folders = [get('LIBDIR'), sys.base_prefix + '/lib']
        if get('MULTIARCH'): folders.insert(0, '/usr/lib/' + get('MULTIARCH'))
        print('%d.%d' % sys.version_info[:2])
        for name in names:
            if name and '.so' in name:
                for folder in folders:
                    if folder: print(folder + '/' + name)
                print(name)
        """

    /// The places where the library may be, best first.
    ///
    /// - Parameter host: Whose user to become; `nil`: the rights are those of a child already.
    static func find(for python: String, _ host: HostFacts?) throws(StartError) -> [String] {
        var lines = try ask(python, host).split(separator: "\n").map(String.init)
        let version = lines.isEmpty ? "" : lines.removeFirst()
        let numbers = version.split(separator: ".").map { Int($0) ?? 0 }
        guard numbers.count == 2 else {
            throw StartError(.embeddedStartFailed, "'\(python)' does not answer like a Python: see what it prints.")
        }
        guard (numbers[0], numbers[1]) >= (PythonChoice.oldest.major, PythonChoice.oldest.minor) else {
            throw StartError(
                .pythonUnsupported,
                "'\(python)' is Python \(version); this module needs \(PythonChoice.oldest.major)."
                    + "\(PythonChoice.oldest.minor) or later: name another with WSGIPythonHome.")
        }
        let found = lines.filter { !$0.hasPrefix("/") || exists($0) }
        guard !found.isEmpty else {
            throw StartError(
                .embeddedStartFailed,
                "'\(python)' has no shared library: use a Python built with --enable-shared, or run the application in "
                    + "daemon processes, which need none.")
        }
        return found
    }

    private static func ask(_ python: String, _ host: HostFacts?) throws(StartError) -> String {
        var one: Int32 = -1
        var other: Int32 = -1
        let made = wsgi_socket_pair(false, &one, &other)
        guard made == 0 else { throw failed(python, SystemError.reason(-made)) }
        let output = Descriptor(adopting: one)
        let input = Descriptor(adopting: other)
        let pid: Int32
        do {
            let null = try Descriptor.null()
            var request = SpawnRequest(
                executable: python, arguments: [python, "-I", "-S", "-c", question],
                environment: CurrentProcess.environment())
            request.descriptors = [null.raw, input.raw, null.raw]
            if let host, host.isRoot {
                request.credentials = SpawnRequest.Credentials(
                    user: host.userID, group: host.groupID, supplementaryGroups: [host.groupID])
            }
            pid = try request.start()
        } catch let failure as SpawnFailure {
            throw failed(python, "\(failure.step): \(failure.reason)")
        } catch {
            throw failed(python, "\(error)")
        }
        Descriptor.close(raw: input.release())
        let answer = collect(output, pid)
        return answer
    }

    /// Everything the process prints within some seconds; then it is ended.
    private static func collect(_ output: borrowing Descriptor, _ pid: Int32) -> String {
        var text: [UInt8] = []
        let deadline = MonotonicTime.now.adding(seconds: 10)
        var room = [UInt8](repeating: 0, count: 4096)
        while true {
            var poll = pollfd(fd: output.raw, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, Int32(clamping: max(deadline.millisecondsLeft, 0))) > 0 else { break }
            let count = read(output.raw, &room, room.count)
            guard count > 0 else { break }
            text.append(contentsOf: room.prefix(count))
        }
        if deadline.millisecondsLeft <= 0 { kill(pid, SIGKILL) }
        waitpid(pid, nil, 0)
        return String(decoding: text, as: UTF8.self)
    }

    private static func failed(_ python: String, _ reason: String) -> StartError {
        StartError(.embeddedStartFailed, "'\(python)' cannot be run to ask for its library: \(reason).")
    }
}
