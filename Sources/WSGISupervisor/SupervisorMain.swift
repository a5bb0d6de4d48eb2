internal import Glibc
internal import ProcessKit
internal import WSGICore

/// `wsgi-supervisor PARENT-PID`: started only by httpd's parent process.
@main
enum SupervisorMain {
    /// The numbers of the descriptors that the parent passes on.
    private enum Descriptors {
        static let control: Int32 = 3
        static let scoreboard: Int32 = 4
        static let status: Int32 = 5
        static let facts: Int32 = 6
        static let questions: Int32 = 7
    }

    /// Runs the supervisor. The exit code is 0 when all workers have ended in order.
    static func main() {
        do {
            guard CommandLine.arguments.count == 2, let parent = Int32(CommandLine.arguments[1]) else {
                throw SystemError("wsgi-supervisor", EINVAL)
            }
            CurrentProcess.leaveSession()
            CurrentProcess.adoptOrphans()
            // The files of one user may delay the others for a quarter of a second, every ten seconds.
            FileView.limit(user: 250, total: nil, pause: 10_000)
            for signal in [SIGPIPE, SIGHUP, SIGUSR1, SIGUSR2] { SignalPipe.ignore(signal) }
            for raw in Descriptors.control...Descriptors.questions {
                try Descriptor.setCloseOnExec(raw, true)
            }
            let supervisor = try Supervisor(
                control: PacketSocket(adopting: Descriptors.control), parent: ProcessHandle(id: parent),
                scoreboard: Scoreboard(Descriptor(adopting: Descriptors.scoreboard)),
                status: SupervisorStatus(Descriptor(adopting: Descriptors.status)),
                answers: InspectionAnswers(
                    facts: Descriptor(adopting: Descriptors.facts), reading: PacketPipe(adopting: Descriptors.questions)
                ),
                signals: SignalPipe([SIGTERM, SIGINT]), openFiles: Descriptor.raiseLimit(to: 65_536))
            supervisor.run()
            FileView.end()
        } catch {
            SupervisorLog().write(.supervisorFailed, level: .critical, "The supervisor cannot start (\(error)).")
            exit(1)
        }
    }
}
