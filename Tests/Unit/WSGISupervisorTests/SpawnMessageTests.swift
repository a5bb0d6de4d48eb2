import ProcessKit
import Testing
import WSGICore

@testable import WSGISupervisor

struct SpawnMessageTests {
    private let spec: GroupSpec = {
        var spec = GroupSpec()
        spec.name = "site"
        spec.origin = "/etc/apache2/site.conf:12"
        spec.python = "/srv/venv/bin/python"
        spec.workingDirectory = "/root/site"
        spec.changesUser = true
        spec.userName = "web"
        spec.userID = 1_001
        return spec
    }()

    @Test func missingPythonIsExplained() {
        let text = SpawnMessage(SpawnError(step: .execute, code: 2, deniedPath: "/srv/venv"), spec).text
        #expect(
            text == "Unable to start a process of WSGIDaemonProcess 'site' (/etc/apache2/site.conf:12): user 'web' "
                + "(uid 1001) cannot run the Python executable '/srv/venv/bin/python' (No such file or directory): "
                + "there is no '/srv/venv'. Check python-home=, python= and WSGIPythonHome; a virtual environment must "
                + "have bin/python.")
    }

    @Test func directoryThatRefusesIsNamed() {
        let text = SpawnMessage(SpawnError(step: .directory, code: 13, deniedPath: "/root"), spec).text
        #expect(text.contains("cannot enter the directory '/root/site' (Permission denied): the error is at '/root'."))
    }

    @Test func closedDirectoryBehindALinkIsNamed() {
        let text = SpawnMessage(SpawnError(step: .execute, code: 13, deniedPath: "/root"), spec).text
        #expect(
            text.hasSuffix(
                "cannot run the Python executable '/srv/venv/bin/python' (Permission denied): the error is at '/root'. "
                    + "Check its permissions and those of its directories."))
    }

    @Test func missingLibraryIsLookedForAsTheUser() {
        #expect(WorkerReport.libraryAdvice(spec).contains("To find it: runuser -u web -- ldd '/srv/venv/bin/python'."))
        var other = spec
        other.userName = ""
        other.groupID = 1_002
        #expect(
            WorkerReport.libraryAdvice(other).contains(
                "setpriv --reuid=1001 --regid=1002 --clear-groups ldd '/srv/venv/bin/python'."))
        other.changesUser = false
        #expect(WorkerReport.libraryAdvice(other).contains("To find it: ldd '/srv/venv/bin/python'."))
    }

    @Test func startThatTakesTooLongIsExplained() {
        #expect(
            SpawnMessage(delayed: spec, by: 10).text.hasSuffix(
                ": it did not begin to run '/srv/venv/bin/python' within 10 s and was killed. Possible causes: the "
                    + "file system of '/root/site' or of Python does not respond, another process holds a lease on the "
                    + "program, or the process was stopped."))
    }

    @Test(arguments: [SpawnError.Step.fork, .descriptors, .limits, .group, .supplementaryGroups, .user])
    func everyStepSaysWhoseAndWhy(step: SpawnError.Step) {
        let text = SpawnMessage(SpawnError(step: step, code: 11), spec).text
        #expect(text.contains("'site'") && text.contains("Resource temporarily unavailable"))
    }
}
